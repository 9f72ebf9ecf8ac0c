import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { openable } from '../file-names.ts';

/**
 * The first bytes of a file, read at once: a thread for each of a million files takes longer.
 *
 * @param path as `openable` takes it
 * @param count at most how many
 * @returns the bytes; fewer of a shorter file
 * @throws whatever the file system throws
 */
export const firstBytes = (path: string, count: number): Buffer =>
  beginningOf(openable(path), count).bytes;

/** The first bytes of a file, and what it was before they were read: a later change has another time. */
export function beginningOf(
  place: string | Buffer,
  count: number,
): { readonly bytes: Buffer; readonly stats: Stats } {
  const file = openSync(place, 'r');
  try {
    const stats = fstatSync(file);
    const bytes = Buffer.alloc(count);
    return { bytes: bytes.subarray(0, readSync(file, bytes, 0, count, 0)), stats };
  } finally {
    closeSync(file);
  }
}
