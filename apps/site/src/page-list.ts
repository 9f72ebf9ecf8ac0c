import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { ROOT } from './places.ts';

/** A Markdown file of the repository and the page that is made of it. */
export type Source = {
  /** Path in the repository, `docs/commands.md`. */
  readonly path: string;
  /** Path in the site, `docs/commands.html`. */
  readonly page: string;
  readonly title: string;
  readonly text: string;
};

/** Pages under one heading of the navigation. */
export type Group = { readonly title: string; readonly sources: readonly Source[] };

/**
 * Where the page of a Markdown file lies: `docs/README.md` is the first page of `docs/`.
 * The site's own first page is another one, so the repository's README is `readme.html`.
 *
 * @param path path of the file in the repository
 * @returns path of the page in the site
 */
export function pageOf(path: string): string {
  if (path === 'README.md') return 'readme.html';
  return posix.basename(path) === 'README.md'
    ? posix.join(posix.dirname(path), 'index.html')
    : path.replace(/\.md$/, '.html');
}

function source(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const title = /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '');
  if (title === undefined) throw new Error(`${path} must have a title, got no line with #`);
  return { path, page: pageOf(path), title, text };
}

/** The READMEs of the folders in a folder. */
const readmes = (folder: string): readonly Source[] =>
  readdirSync(join(ROOT, folder))
    .map((name) => `${folder}/${name}/README.md`)
    .filter((path) => existsSync(join(ROOT, path)))
    .sort()
    .map(source);

/** The files of `docs/`, in the order in which its README names them. */
function documentation(): readonly Source[] {
  const first = source('docs/README.md');
  const named = [...first.text.matchAll(/^- \[[^\]]+\]\(([\w-]+\.md)\)/gm)].map(
    ([, name]) => `docs/${name}`,
  );
  const unnamed = readdirSync(join(ROOT, 'docs'))
    .map((name) => `docs/${name}`)
    .filter((path) => path.endsWith('.md') && path !== first.path && !named.includes(path));
  if (unnamed.length > 0) {
    throw new Error(`docs/README.md must name every file beside it, got none for ${unnamed[0]}`);
  }
  return [first, ...named.map(source)];
}

/** All Markdown files that become pages, as the navigation groups them. */
export const groups = (): readonly Group[] => [
  { title: 'Documentation', sources: documentation() },
  {
    title: 'About',
    sources: [
      { ...source('README.md'), title: 'Overview' },
      ...['METHOD.md', 'CONTRIBUTING.md'].map(source),
    ],
  },
  { title: 'Programs', sources: readmes('apps') },
  { title: 'Packages', sources: readmes('packages') },
  {
    title: 'Examples and tests',
    sources: [...readmes('examples'), source('goldens/README.md'), ...readmes('test')],
  },
];

/**
 * The way from one page to another, as a link writes it: the same on every host and in every folder.
 *
 * @param from path of the page that links
 * @param to path of the page or file that it links to
 */
export function hrefBetween(from: string, to: string): string {
  const path = posix.relative(dirname(from), to);
  return path.replace(/(^|\/)index\.html$/, '$1') || './';
}
