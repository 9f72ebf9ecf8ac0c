import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { openable } from '@twocan/data/node';
import type { Part } from './layout.ts';

/**
 * Whether two paths lead to the same folder, by whatever links.
 *
 * @param a a path
 * @param b another
 */
export const isSamePlace = (a: string, b: string): boolean => a === b || placeOf(a) === placeOf(b);

/**
 * Where a folder lies in another.
 *
 * @param outer the other
 * @param inner the folder
 * @returns its path there, with `/` between the parts; undefined where it does not, or is the same
 */
export function placeIn(outer: string, inner: string): string | undefined {
  const path = relative(placeOf(outer), placeOf(inner));
  const outside = path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  return outside ? undefined : path.split(sep).join('/');
}

/**
 * How many folders of images of a part are those of another, by whatever links.
 *
 * @param source where the other lies
 * @param other its images
 * @param root where the part was listed
 * @param part its images
 */
export function sharedFolders(
  source: string,
  other: Part,
  root: string,
  part: Part,
): 'none' | 'some' | 'all' {
  const known = new Set(foldersOf(source, other));
  const own = foldersOf(join(root, part.folder), part);
  const shared = own.filter((folder) => known.has(folder)).length;
  return shared === 0 ? 'none' : shared < own.length ? 'some' : 'all';
}

function foldersOf(root: string, { names }: Part): string[] {
  return [...new Set(names.map(dirname))].map((folder) => placeOf(join(root, folder)));
}

/** The path itself where it leads nowhere: opening it gives the reason. */
function placeOf(path: string): string {
  try {
    return realpathSync(openable(path)).toString();
  } catch {
    return path;
  }
}
