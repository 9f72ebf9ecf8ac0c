import { writeFileSync } from 'node:fs';
import type { BrokenFile } from '@twocan/data/node';

/**
 * Names the images that were left out, with what the decoder said: `{"name":…,"reason":…}` a line.
 *
 * @param path the file; not written when nothing was left out
 * @param broken the images
 */
export function listSkipped(path: string, broken: readonly BrokenFile[]): void {
  if (broken.length === 0) return;
  const lines = broken.map(({ name, reason }) => JSON.stringify({ name, reason }));
  writeFileSync(path, `${lines.join('\n')}\n`);
}
