import { transformerStyleToClass } from '@shikijs/transformers';
import { createHighlighter } from 'shiki';

const LANGUAGES = ['sh', 'js', 'ts', 'json', 'python', 'html', 'css', 'rust', 'toml', 'yaml'];

/** Code in colours, as HTML without styles of its own; the colours are classes, which `css` defines. */
export type Highlighter = {
  readonly html: (code: string, language: string) => string;
  /** The classes that were used so far. */
  readonly css: () => string;
};

/** Loads the grammars and both themes: colours with high contrast, for light and for dark. */
export async function loadHighlighter(): Promise<Highlighter> {
  const classes = transformerStyleToClass({ classPrefix: 'c-' });
  const highlighter = await createHighlighter({
    langs: LANGUAGES,
    themes: ['github-light-high-contrast', 'github-dark-high-contrast'],
  });
  return {
    html: (code, language) =>
      highlighter.codeToHtml(code.trimEnd(), {
        lang: LANGUAGES.includes(language) ? language : 'text',
        themes: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
        defaultColor: false,
        transformers: [classes],
      }),
    css: () => classes.getCSS(),
  };
}
