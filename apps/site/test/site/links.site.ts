import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf } from '../../src/offline.ts';
import { SITE } from '../../src/places.ts';

const pages = filesOf(SITE).filter((file) => file.endsWith('.html'));
const html = new Map(pages.map((page) => [page, readFileSync(join(SITE, page), 'utf8')]));
const ids = new Map(
  [...html].map(([page, text]) => [
    page,
    new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
  ]),
);

/** What a page loads and where it links to. */
const targets = (text: string): readonly string[] =>
  [...text.matchAll(/ (?:href|src|data-index)="([^"]*)"/g)].map(([, target = '']) =>
    target.replaceAll('&amp;', '&'),
  );

/** Whether a link inside the site leads to a file, and to a heading where it names one. */
function leads(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const joined = posix.join(posix.dirname(from), decodeURI(path));
  const file =
    path === ''
      ? from
      : /(^|\/)$/.test(path) || joined === '.'
        ? posix.join(joined, 'index.html')
        : joined;
  if (!existsSync(join(SITE, file))) return false;
  return anchor === undefined || ids.get(file)?.has(decodeURIComponent(anchor)) === true;
}

describe('the links of the built site', () => {
  it('has pages of all kinds', () => {
    for (const page of ['index.html', 'docs/commands.html', 'packages/vit/index.html']) {
      expect(pages).toContain(page);
    }
    for (const page of ['api/vit.html', 'api/data-web.html', 'api/twocan.html', 'METHOD.html']) {
      expect(pages).toContain(page);
    }
    expect(pages).toContain('playground/index.html');
  });

  it('leads to a page, and to a heading where it names one', () => {
    const broken = [...html].flatMap(([page, text]) =>
      targets(text)
        .filter((target) => !/^(https?|mailto|data):/.test(target) && !leads(page, target))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('notices a link and an anchor that lead nowhere', () => {
    expect(leads('docs/index.html', 'commands.html')).toBe(true);
    expect(leads('docs/index.html', 'no-such-page.html')).toBe(false);
    expect(leads('docs/index.html', 'commands.html#no-such-heading')).toBe(false);
  });

  it('loads nothing from elsewhere and has no script or style inside a page', () => {
    for (const [page, text] of html) {
      const loaded = [...text.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*>/g)].map(
        ([tag]) => tag,
      );
      expect(
        loaded.filter((tag) => /(?:src|href)="(?:https?:)?\/\//.test(tag)),
        page,
      ).toEqual([]);
      expect(text, page).not.toMatch(/<style| style="| on[a-z]+="|<script(?![^>]* src=)/);
      expect(text, page).toContain('Content-Security-Policy');
    }
  });

  it('has each identifier once in a page, and one h1', () => {
    for (const [page, text] of html) {
      if (page.startsWith('playground/')) continue;
      const all = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      expect(
        all.filter((id, i) => all.indexOf(id) !== i),
        page,
      ).toEqual([]);
      expect(text.match(/<h1/g), page).toHaveLength(1);
    }
  });

  it('finds every place that the search knows', () => {
    const found = JSON.parse(readFileSync(join(SITE, 'assets/search.json'), 'utf8')) as readonly {
      readonly href: string;
    }[];
    expect(found.length).toBeGreaterThan(500);
    expect(found.filter(({ href }) => !leads('index.html', href))).toEqual([]);
  });
});
