import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Temporary files of {@link writeFileAtomic}: hidden, in the folder of the file itself. */
export const TEMPORARY = /^\..+\.[0-9a-f-]{36}\.tmp$/;

const LETTERS = 48; // of at most 4 bytes each

/**
 * Writes a file so that a reader, or a crash at any moment, sees the old file or the new one whole.
 *
 * Writes a temporary file in the same folder, flushes it to the disk, renames it over the goal and
 * flushes the folder.
 *
 * @param path where; its folder must exist
 * @param bytes the content; of an iterable piece by piece, so that it never is in memory whole
 * @throws the file system's error, or the iterable's; the old file is then untouched and the temporary one removed
 * @example
 * await writeFileAtomic('run/weights.safetensors', bytes);
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const folder = dirname(path);
  // A name may have 255 bytes: the goal's may have all of them, so only a part of it is taken.
  const start = [...basename(path)].slice(0, LETTERS).join('');
  const temporary = join(folder, `.${start}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      const whole = typeof bytes === 'string' || bytes instanceof Uint8Array;
      // Each call goes on where the last one ended.
      for await (const piece of whole ? [bytes] : bytes) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Without it a crash may forget the rename. Windows cannot open folders and needs no flush. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
