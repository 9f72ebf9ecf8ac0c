import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file of a cache: another process sees all of it or nothing, and two that write the same do
 * not disturb each other. It is not flushed to the disk: who reads it checks it.
 *
 * @param path the file; folders are made
 * @param contents what it holds
 * @returns whether it was written: a cache in a folder that cannot be written is none
 */
export async function keepFile(path: string, contents: Uint8Array | string): Promise<boolean> {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, contents, { flag: 'wx' });
    await rename(draft, path);
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
    return false;
  }
}
