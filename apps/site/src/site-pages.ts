import type { Highlighter } from './highlight.ts';
import type { Navigation, Page } from './layout.ts';
import { follow } from './links.ts';
import { makeRenderer, type Rendered, type Section } from './markdown.ts';
import { type Group, groups } from './page-list.ts';
import type { ReferencePage } from './reference.ts';
import { START_PICTURES, START_TEXT, startPage } from './start-page.ts';

/** A page and what the search finds in it. */
type Found = { readonly page: Page; readonly sections: readonly Section[] };

/** All that the site shows, before it is laid out. */
export type Content = {
  readonly found: readonly Found[];
  readonly navigation: Navigation;
  /** Pictures of the repository that the pages show. */
  readonly pictures: ReadonlySet<string>;
};

type Render = ReturnType<typeof makeRenderer>;

/** The Markdown files of the repository. */
function fromFiles(all: readonly Group[], render: Render): Pick<Content, 'found' | 'pictures'> {
  const sources = all.flatMap((group) => group.sources);
  const paths = new Set(sources.map(({ page }) => page));
  const pictures = new Set<string>();
  const found = sources.map(({ path, page, title, text }) => {
    const { html, headings, sections } = render(text, (href) => {
      const target = follow(path, href, paths);
      if (target.copied !== undefined) pictures.add(target.copied);
      return target;
    });
    const description = `${title}: part of the documentation of twocan.`;
    return { page: { page, title, description, html, headings }, sections };
  });
  return { found, pictures };
}

/** The exports of one module; their names are the headings of level 3. */
function fromModule({ name, page, about, text }: ReferencePage, render: Render): Found {
  // Between its pages TypeDoc links to files of Markdown.
  const followIn = (href: string) => ({ href: href.replace(/^([\w-]+)\.md/, '$1.html') });
  const { html, sections } = render(`# ${name}\n\n${about}\n\n${text}`, followIn, { html: true });
  const named = sections.filter(({ heading }) => heading.level === 3);
  const headings = named.map(({ heading }) => heading);
  const description = `Every export of ${name}.`;
  return {
    page: { page: `api/${page}.html`, title: name, description, html, headings },
    sections: named,
  };
}

/** The first page of the reference. */
function moduleList(reference: readonly ReferencePage[], render: Render): Page {
  const list = reference
    .map(({ name, page, about }) => `- [\`${name}\`](${page}.html)${about && `: ${about}`}`)
    .join('\n');
  const { html } = render(
    `# API

Every export of every module, from the types and the comments of the sources. Each package also has a README with an
example that runs. [From code](../docs/api.html) describes \`twocan\`, the module whose functions are the commands.

${list}
`,
    (href) => ({ href }),
  );
  const description = 'Every export of every module of twocan.';
  return { page: 'api/index.html', title: 'API', description, html, headings: [] };
}

/**
 * Makes all pages of the site but the playground.
 *
 * @param reference the description of every module
 * @param highlighter colours of the code
 * @throws Error where a link of a Markdown file leads nowhere
 */
export function siteContent(
  reference: readonly ReferencePage[],
  highlighter: Highlighter,
): Content {
  const render = makeRenderer(highlighter);
  const all = groups();
  const { found, pictures } = fromFiles(all, render);
  const modules = reference.map((module) => fromModule(module, render));
  const list = moduleList(reference, render);
  const start: Rendered = render(START_TEXT, (href) => ({ href }));
  return {
    found: [
      { page: startPage(start), sections: [] },
      ...found,
      { page: list, sections: [] },
      ...modules,
    ],
    navigation: [
      ...all.map(({ title, sources }) => ({ title, entries: sources })),
      {
        title: 'API',
        entries: [{ ...list, title: 'All modules' }, ...modules.map(({ page }) => page)],
      },
    ],
    pictures: new Set([...pictures, ...START_PICTURES]),
  };
}
