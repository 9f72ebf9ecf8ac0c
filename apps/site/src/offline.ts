import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ISOLATING } from './isolating.ts';

/** All files of a folder, by their paths in it. */
export const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

/** Files that a host reads and a page does not. */
const FOR_HOSTS = ['_headers', '.nojekyll'];

/**
 * Writes the service worker with the list of all files that it keeps. The list has a version made of
 * the files' bytes, so that a browser takes the next build as a new worker.
 *
 * @param site folder of the built site; nothing may be added to it afterwards
 * @param worker the worker's own code
 */
export function writeWorker(site: string, worker: string): void {
  const files = filesOf(site).filter((file) => !FOR_HOSTS.includes(file));
  const hash = createHash('sha256').update(worker);
  for (const file of files) hash.update(file).update(readFileSync(join(site, file)));
  const head = [
    `const VERSION = 'twocan-${hash.digest('hex').slice(0, 16)}';`,
    `const HEADERS = ${JSON.stringify(ISOLATING)};`,
    `const FILES = ${JSON.stringify(files)};`,
  ];
  writeFileSync(join(site, 'worker.js'), `${head.join('\n')}\n${worker}`);
}
