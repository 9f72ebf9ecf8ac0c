import {
  close as closeCallback,
  open as openCallback,
  read as readCallback,
  fstat as statCallback,
} from 'node:fs';
import { promisify } from 'node:util';
import { openable } from '../file-names.ts';
import { pictureError } from '../plain-reason.ts';

const [open, close, read, fstat] = [openCallback, closeCallback, readCallback, statCallback].map(
  (call) => promisify(call as never),
) as unknown as [
  (path: string | Buffer, flags: 'r') => Promise<number>,
  (file: number) => Promise<void>,
  typeof readCallback.__promisify__,
  typeof statCallback.__promisify__,
];

/** A file as it was when its index was made. */
export type KnownFile = { readonly path: string; readonly bytes: number; readonly changed: number };

/** Files that are read here and there, of which only some are open at a time. */
export type OpenFiles = {
  /**
   * @param file which
   * @param offset the first byte
   * @param size how many bytes
   * @throws Error where the file is gone or another one, or has fewer bytes
   */
  readonly read: (file: KnownFile, offset: number, size: number) => Promise<Buffer>;
  /** Closes all; a later read opens its file again. */
  readonly close: () => Promise<void>;
};

type Opened = { readonly file: Promise<number>; users: number };

/** Files open at a time: as many as can be read at a time, and some more. */
const MOST_OPEN = 16;

/**
 * Reads pieces of many files, keeping those open that were read last.
 *
 * @param most how many are open at a time while none of them is being read
 * @returns reads and closes
 */
export function openFiles(most = MOST_OPEN): OpenFiles {
  // In the order of their last use.
  const opened = new Map<string, Opened>();
  let kept = most;
  const drop = async (path: string, { file }: Opened): Promise<void> => {
    opened.delete(path);
    await file.then(close, () => undefined);
  };
  const shrink = async (): Promise<void> => {
    for (const [path, entry] of opened) {
      if (opened.size <= kept) return;
      if (entry.users === 0) await drop(path, entry);
    }
  };
  return {
    read: async (known, offset, size) => {
      kept = most;
      const entry = opened.get(known.path) ?? { file: openKnown(known), users: 0 };
      opened.delete(known.path);
      opened.set(known.path, entry);
      entry.users++;
      try {
        const file = await entry.file.catch((error) => {
          if (opened.get(known.path) === entry) opened.delete(known.path);
          throw error;
        });
        return await readPiece(file, offset, size);
      } finally {
        entry.users--;
        await shrink();
      }
    },
    close: async () => {
      kept = 0;
      await shrink();
    },
  };
}

async function openKnown({ path, bytes, changed }: KnownFile): Promise<number> {
  const file = await open(openable(path), 'r');
  const { size, mtimeMs } = await fstat(file);
  if (size === bytes && mtimeMs === changed) return file;
  await close(file);
  throw pictureError('its shard was changed since it was opened');
}

async function readPiece(file: number, offset: number, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const { bytesRead } = await read(file, buffer, done, size - done, offset + done);
    if (bytesRead === 0) throw pictureError('its shard is cut off');
    done += bytesRead;
  }
  return buffer;
}
