import type { Heading } from './markdown.ts';
import { hrefBetween } from './page-list.ts';

/** Nothing comes from elsewhere, and nothing stands in the page itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** One line of the navigation. */
export type Entry = { readonly title: string; readonly page: string };

/** The navigation of every page: groups of pages. */
export type Navigation = readonly { readonly title: string; readonly entries: readonly Entry[] }[];

/** What is at the top of every page. */
const MAIN: readonly Entry[] = [
  { title: 'Docs', page: 'docs/index.html' },
  { title: 'API', page: 'api/index.html' },
  { title: 'Results', page: 'docs/results.html' },
  { title: 'Playground', page: 'playground/index.html' },
];

export type Page = {
  /** Path in the site. */
  readonly page: string;
  readonly title: string;
  readonly description: string;
  /** What is inside `main`. */
  readonly html: string;
  readonly headings: readonly Heading[];
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function linkFrom(from: string): (entry: Entry) => string {
  return ({ title, page }) => {
    const here = page === from ? ' aria-current="page"' : '';
    return `<a href="${hrefBetween(from, page)}"${here}>${escaped(title)}</a>`;
  };
}

/** The headings of a page, where it has enough of them. */
function contents(headings: readonly Heading[]): string {
  const shown = headings.filter(({ level }) => level === 2 || level === 3);
  if (shown.length < 3) return '';
  const items = shown.map(
    ({ level, id, text }) =>
      `<li class="level-${level}"><a href="#${id}">${escaped(text)}</a></li>`,
  );
  return `<nav class="contents" aria-labelledby="contents-title">
<h2 id="contents-title">On this page</h2>
<ul>${items.join('')}</ul>
</nav>`;
}

/**
 * A whole page: header with the search, text, headings, and all pages of the site.
 *
 * @param page its text and where it lies
 * @param navigation all pages
 * @returns HTML
 */
export function layOut(page: Page, navigation: Navigation): string {
  const link = linkFrom(page.page);
  const to = (file: string): string => hrefBetween(page.page, file);
  const all = navigation.map(
    ({ title, entries }) =>
      `<h3>${title}</h3>\n<ul>${entries.map((entry) => `<li>${link(entry)}</li>`).join('')}</ul>`,
  );
  const isStart = page.page === 'index.html';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escaped(page.description)}">
<title>${escaped(isStart ? page.title : `${page.title} - twocan`)}</title>
<link rel="icon" href="${to('assets/icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${to('assets/site.css')}">
<link rel="stylesheet" href="${to('assets/code.css')}">
<script type="module" src="${to('assets/offline.js')}"></script>
<script type="module" src="${to('assets/search.js')}"></script>
</head>
<body${isStart ? ' class="start"' : ''}>
<a class="skip" href="#main">Skip to the text</a>
<header>
<a class="name" href="${to('index.html')}"${isStart ? ' aria-current="page"' : ''}>twocan</a>
<nav aria-label="Main">${MAIN.map(link).join('')}<a class="to-pages" href="#pages">All pages</a></nav>
<search hidden data-index="${to('assets/search.json')}" data-root="${to('index.html')}">
<label for="query">Search</label>
<input id="query" type="search" autocomplete="off" spellcheck="false">
<div class="found" hidden><p role="status"></p><ul></ul></div>
</search>
</header>
<div class="columns">
<main id="main" tabindex="-1">
${page.html}
</main>
${contents(page.headings)}
<nav class="pages" id="pages" aria-labelledby="pages-title">
<h2 id="pages-title">All pages</h2>
${all.join('\n')}
</nav>
</div>
<footer><p>twocan is free software under the Apache License 2.0. This site asks no other host for anything and sets no cookie.</p></footer>
</body>
</html>
`;
}
