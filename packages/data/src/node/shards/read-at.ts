import { readSync } from 'node:fs';
import type { ReadAt } from './tar-members.ts';

/** Bytes that are read at once: the header of a small member, its contents and the header behind it. */
const WINDOW = 4096;

/**
 * Reads pieces of a file, small ones from a window over it: a header costs no call of its own where
 * members are small.
 *
 * @param file its descriptor
 * @returns reads; what it returns is only right until the next call
 */
export function windowOver(file: number): ReadAt {
  const window = Buffer.alloc(WINDOW);
  let [from, held] = [0, 0];
  return (position, length) => {
    if (length > WINDOW) return readFully(file, Buffer.alloc(length), position);
    if (position < from || position + length > from + held) {
      from = position;
      held = readFully(file, window, position).length;
    }
    return window.subarray(position - from, Math.min(held, position - from + length));
  };
}

function readFully(file: number, buffer: Buffer, position: number): Buffer {
  let done = 0;
  while (done < buffer.length) {
    const read = readSync(file, buffer, done, buffer.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return buffer.subarray(0, done);
}
