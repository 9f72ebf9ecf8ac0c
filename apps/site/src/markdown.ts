import GithubSlugger from 'github-slugger';
import MarkdownIt, { type Token } from 'markdown-it';
import type { Highlighter } from './highlight.ts';
import type { Target } from './links.ts';

/** A heading of a page; `id` is its anchor, as GitHub makes it. */
export type Heading = { readonly level: number; readonly id: string; readonly text: string };

/** The text under one heading, for the search. */
export type Section = { readonly heading: Heading; readonly text: string };

export type Rendered = {
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
};

/** How the links of the file are followed. */
export type Follow = (href: string) => Target;

/** The words of a token, without markup. */
const wordsOf = (token: Token): string =>
  (token.children ?? [token])
    .map(({ type, content }) => (type.endsWith('break') ? ' ' : content))
    .join('');

/** Gives each heading its anchor, and collects what stands under it. */
function readSections(tokens: readonly Token[]): readonly Section[] {
  const slugger = new GithubSlugger();
  const sections: { heading: Heading; words: string[] }[] = [];
  tokens.forEach((token, i) => {
    const text = tokens[i + 1];
    if (token.type === 'heading_open' && text !== undefined) {
      const words = wordsOf(text);
      const id = slugger.slug(words);
      token.attrSet('id', id);
      sections.push({ heading: { level: Number(token.tag.slice(1)), id, text: words }, words: [] });
    } else if (tokens[i - 1]?.type !== 'heading_open' && ['inline', 'fence'].includes(token.type)) {
      sections.at(-1)?.words.push(wordsOf(token));
    }
  });
  return sections.map(({ heading, words }) => ({ heading, text: words.join(' ') }));
}

/**
 * Makes the renderer of all pages: headings with anchors, code in colours, tables that scroll by themselves.
 *
 * @param highlighter colours of the code
 * @returns a function from Markdown to HTML
 */
export function makeRenderer(
  highlighter: Highlighter,
): (text: string, follow: Follow, options?: { readonly html?: boolean }) => Rendered {
  return (text, follow, { html = false } = {}) => {
    const markdown = new MarkdownIt({ html, linkify: false, highlight: highlighter.html });
    const { rules } = markdown.renderer;
    rules.fence = (tokens, i) => {
      const token = tokens[i];
      return token ? highlighter.html(token.content, token.info.trim()) : '';
    };
    rules.code_block = (tokens, i) => highlighter.html(tokens[i]?.content ?? '', 'text');
    rules.table_open = () =>
      '<div class="table" tabindex="0" role="group" aria-label="Table">\n<table>\n';
    rules.table_close = () => '</table>\n</div>\n';
    rules.heading_close = (tokens, i) => {
      const id = tokens[i - 2]?.attrGet('id') ?? '';
      const tag = tokens[i]?.tag ?? 'h2';
      const name = wordsOf(tokens[i - 1] as Token);
      const anchor = `<a class="anchor" href="#${id}" aria-label="Link to: ${markdown.utils.escapeHtml(name)}">#</a>`;
      return `${tag === 'h1' ? '' : ` ${anchor}`}</${tag}>\n`;
    };
    const tokens = markdown.parse(text, {});
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const attribute = token.type === 'link_open' ? 'href' : 'src';
      const value = token.attrGet(attribute);
      if (value !== null) token.attrSet(attribute, follow(String(value)).href);
    }
    tokens.forEach((token, i) => {
      // An empty corner of a table is no heading.
      const [corner, end] = [tokens[i + 1], tokens[i + 2]];
      if (token.type === 'th_open' && corner?.content === '' && end !== undefined) {
        token.tag = 'td';
        end.tag = 'td';
      }
    });
    const sections = readSections(tokens);
    return {
      html: markdown.renderer.render(tokens, markdown.options, {}),
      headings: sections.map(({ heading }) => heading),
      sections,
    };
  };
}
