import { join } from 'node:path';
import { type BrokenFile, type LeftOut, printable } from '@twocan/data/node';

const MOST_DETAILS = 6;

/**
 * All files that are left out, in a line: by reason, the first of each by name.
 *
 * @param leftOut files and folders
 * @returns such as `left out 3 files: a/notes.txt and 1 more (not an image: .txt), dead.png (a link
 *   to nothing)`; undefined for none
 */
export function leftOutLine(leftOut: readonly LeftOut[]): string | undefined {
  if (leftOut.length === 0) return undefined;
  const groups = new Map<string, LeftOut[]>();
  for (const one of leftOut) {
    const { kind } = partsOf(one.reason);
    const group = groups.get(kind) ?? [];
    groups.set(kind, group);
    group.push(one);
  }
  const lines = [...groups].map(([kind, group]) => groupLine(kind, group));
  const all = countOf(leftOut);
  return `left out ${all} ${all === 1 ? 'file' : 'files'}: ${lines.join(', ')}`;
}

/**
 * Files that could not be read or decoded, as the others that are left out.
 *
 * @param broken of an image folder
 * @param folder what their names are relative to, for `name`
 */
export const refused = (broken: readonly BrokenFile[], folder: string): LeftOut[] =>
  broken.map(({ name, reason }) => ({
    name: folder === '' ? name : `${folder}/${name}`,
    reason: reason.startsWith('cannot be opened: ') ? reason : `cannot be decoded: ${reason}`,
  }));

function groupLine(kind: string, group: readonly LeftOut[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const files = countOf(group);
  const more = group.length === 1 ? '' : ` and ${group.length - 1} more`;
  const amount = files === 1 ? '1 file' : `${files} files`;
  const inside = first.files === undefined ? '' : `${more === '' ? ' with' : ','} ${amount}`;
  return `${printable(first.name)}${more}${inside} (${kind}${detailsOf(group)})`;
}

/** What follows the colon of the reasons: how often each, the most frequent first. */
function detailsOf(group: readonly LeftOut[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of group) {
    const { detail } = partsOf(reason);
    if (detail !== '') counts.set(detail, (counts.get(detail) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  if (sorted.length === 0) return '';
  const shown = sorted
    .slice(0, MOST_DETAILS)
    .map(([detail, count]) => (sorted.length === 1 ? detail : `${detail} ${count}`));
  const rest = sorted.length - shown.length;
  return `: ${printable(shown.join(', '))}${rest > 0 ? `, and ${rest} others` : ''}`;
}

function partsOf(reason: string): { readonly kind: string; readonly detail: string } {
  const [kind = '', ...detail] = reason.split(': ');
  return { kind, detail: detail.join(': ') };
}

const countOf = (leftOut: readonly LeftOut[]): number =>
  leftOut.reduce((sum, { files = 1 }) => sum + files, 0);

/**
 * What was left out of a folder, named by whole paths.
 *
 * @param root the folder
 * @param leftOut named as in the folder
 * @returns the same, renamed
 */
export const under = (root: string, leftOut: readonly LeftOut[]): LeftOut[] =>
  leftOut.map((one) => ({ ...one, name: join(root, one.name) }));
