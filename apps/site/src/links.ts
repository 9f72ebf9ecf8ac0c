import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { hrefBetween, pageOf } from './page-list.ts';
import { REPOSITORY, ROOT } from './places.ts';

/** What a link of a Markdown file becomes. */
export type Target = {
  readonly href: string;
  /** A picture of the repository that the page shows: it has to be in the site. */
  readonly copied?: string;
};

/**
 * Follows a link of a Markdown file: to a page of the site where there is one, else to the repository.
 *
 * @param from path of the file in the repository
 * @param href what the file links to
 * @param pages the paths of all pages in the site
 * @throws Error where the link leads nowhere
 */
export function follow(from: string, href: string, pages: ReadonlySet<string>): Target {
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return { href };
  const [path = '', ...rest] = href.split('#');
  const anchor = rest.length > 0 ? `#${rest.join('#')}` : '';
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, '');
  for (const page of [pageOf(target), posix.join(target, 'index.html')]) {
    if (pages.has(page)) return { href: hrefBetween(pageOf(from), page) + anchor };
  }
  const file = join(ROOT, target);
  if (!existsSync(file)) throw new Error(`${from}: a link must lead to a file, got ${href}`);
  if (/\.(png|webp|svg)$/.test(target)) {
    return { href: hrefBetween(pageOf(from), target), copied: target };
  }
  const kind = statSync(file).isDirectory() ? 'tree' : 'blob';
  return { href: `${REPOSITORY}/${kind}/main/${target}${anchor}` };
}
