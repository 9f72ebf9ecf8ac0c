import { writeFileSync } from 'node:fs';
import type { LeftOut } from '@twocan/data/node';

/**
 * Names the files that were left out, with the reason: `{"name":…,"reason":…}` a line. That of a
 * folder ends with `/` and has the number of its files.
 *
 * @param path the file; not written when nothing was left out
 * @param leftOut files and folders
 */
export function listSkipped(path: string, leftOut: readonly LeftOut[]): void {
  if (leftOut.length === 0) return;
  writeFileSync(path, `${leftOut.map((one) => JSON.stringify(one)).join('\n')}\n`);
}
