import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openable } from './file-names.ts';
import { type FileParts, type FilePlace, isPart } from './file-part.ts';

/** What a file is known by, wherever it lies and whenever it was copied. */
export type FileMark = {
  /** Relative to the folder, with `/` between the parts. */
  readonly name: string;
  /** Bytes; -1 for a file that cannot be read. */
  readonly size: number;
  /** SHA-256 of contents, its first half in hexadecimal digits; absent where none were read. */
  readonly digest?: string;
  /** Size, times and number of the file: as long as it is the same, nobody wrote to the file. */
  readonly stamp: string;
};

/** How {@link markFiles} reads. */
export type MarkOptions = {
  /** Which files are read; unless given 4096, spread evenly over the names, or all of fewer. */
  readonly reads?: (name: string) => boolean;
  /** Of names that are no files of the folder but lie in others. */
  readonly parts?: Pick<FileParts, 'part'> | undefined;
  /** Read every byte; else, of a file over 256 KiB, 16 pieces of 16 KiB from its start to its end. */
  readonly whole?: boolean;
  /** The digest of a file that was read before, if it still has that stamp. */
  readonly known?: (name: string, stamp: string) => string | undefined;
  /** Called with the number of files done. */
  readonly progress?: (done: number, total: number) => void;
};

/** The identity of many files, in a few words. */
export type Fingerprint = {
  readonly files: number;
  readonly bytes: number;
  /** Of all names, sizes and digests, in hexadecimal digits. */
  readonly sha256: string;
};

/** Names of files, sorted. */
export type FileChanges = {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
};

const SAMPLE = 4096;
const PIECES = 16;
const PIECE = 16 * 1024;
const AT_ONCE = 64;
/** Milliseconds that so many files take, one by one, where each has to be waited for. */
const SLOW = 16;
/** How often so many are then waited for together, before it is tried again one by one. */
const TOGETHER = 8;

/**
 * Marks the files of a folder by name, size and contents: what stays the same when they are moved or
 * copied, and changes when one is replaced.
 *
 * Every file's size is looked at, and some contents. What that misses, unless `reads` and `whole`
 * say otherwise: of over 4096 files, a change of one that is not in the sample and keeps its size;
 * of a file over 256 KiB, a change that keeps its size and lies between the pieces that are read.
 *
 * @param folder where the files are
 * @param names their names, relative to the folder
 * @param options see {@link MarkOptions}
 * @returns a mark for each name, sorted by name
 * @example
 * const marks = await markFiles('photos', await listImages('photos'));
 */
export async function markFiles(
  folder: string,
  names: readonly string[],
  options: MarkOptions = {},
): Promise<FileMark[]> {
  const sorted = names.toSorted();
  const step = Math.max(1, Math.ceil(sorted.length / SAMPLE));
  const marks: FileMark[] = [];
  let together = 0;
  for (let first = 0; first < sorted.length; first += AT_ONCE) {
    const begin = performance.now();
    const some = sorted.slice(first, first + AT_ONCE).map((name, i) => {
      const reads = options.reads?.(name) ?? (first + i) % step === 0;
      const place = options.parts?.part(name) ?? openable(join(folder, name));
      // A thread for each takes several times as long as the look itself, unless that has to wait.
      return reads || together > 0 || isPart(place)
        ? markFile(place, name, reads, options)
        : markAtOnce(place, name);
    });
    if (together > 0) together--;
    else if (performance.now() - begin > SLOW) together = TOGETHER;
    for (const mark of await Promise.all(some)) marks.push(mark);
    options.progress?.(marks.length, sorted.length);
  }
  return marks;
}

async function markFile(
  place: FilePlace,
  name: string,
  reads: boolean,
  { whole = false, known }: MarkOptions,
): Promise<FileMark> {
  try {
    const { size, stamp } = isPart(place) ? place : await stampOf(place);
    if (!reads) return { name, size, stamp };
    return {
      name,
      size,
      stamp,
      digest: known?.(name, stamp) ?? (await digestOf(place, size, whole)),
    };
  } catch {
    return { name, size: -1, stamp: '' };
  }
}

function markAtOnce(place: string | Buffer, name: string): FileMark {
  try {
    const found = statSync(place);
    return { name, size: found.size, stamp: stampText(found) };
  } catch {
    return { name, size: -1, stamp: '' };
  }
}

/** What is the same as long as nobody writes to a file, and its bytes. */
export async function stampOf(
  path: string | Buffer,
): Promise<{ readonly size: number; readonly stamp: string }> {
  const found = await stat(path);
  return { size: found.size, stamp: stampText(found) };
}

/** The stamp of a file, from what the file system says of it. */
export const stampText = ({
  size,
  mtimeMs,
  ctimeMs,
  ino,
}: Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs' | 'ino'>): string =>
  `${size} ${mtimeMs} ${ctimeMs} ${ino}`;

async function digestOf(place: FilePlace, size: number, whole: boolean): Promise<string> {
  const hash = createHash('sha256');
  const isInPieces = (length: number): boolean => !whole && length > PIECES * PIECE;
  if (isPart(place)) {
    const bytes = await place.read();
    if (!isInPieces(bytes.length)) hash.update(bytes);
    else for (const at of piecesOf(bytes.length)) hash.update(bytes.subarray(at, at + PIECE));
    return hash.digest('hex').slice(0, 32);
  }
  const file = await open(place);
  try {
    if (isInPieces(size)) {
      for (const at of piecesOf(size)) hash.update(await pieceAt(file, at));
    } else if (size > PIECES * PIECE) {
      for await (const piece of file.createReadStream({ autoClose: false })) hash.update(piece);
    } else hash.update(await file.readFile());
  } finally {
    await file.close();
  }
  return hash.digest('hex').slice(0, 32);
}

/** Where the pieces that are read of a large file begin. */
const piecesOf = (size: number): number[] =>
  Array.from({ length: PIECES }, (_, i) => Math.floor((i * (size - PIECE)) / (PIECES - 1)));

async function pieceAt(file: FileHandle, position: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(PIECE), 0, PIECE, position);
  return buffer.subarray(0, bytesRead);
}

/**
 * One fingerprint of all marks. Where the files lie and when they were written does not enter it.
 *
 * @param marks of {@link markFiles}
 * @returns number, bytes, and a digest of names, sizes and contents
 * @example
 * fingerprint(await markFiles('photos', names)).sha256;
 */
export function fingerprint(marks: readonly FileMark[]): Fingerprint {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { name, size, digest = '' } of marks) {
    bytes += Math.max(0, size);
    hash.update(`${name}\0${size}\0${digest}\0`);
  }
  return { files: marks.length, bytes, sha256: hash.digest('hex') };
}

/**
 * What changed between two looks at a folder.
 *
 * @param before marks of the first look
 * @param now marks of the second, with the contents of those files read that were read before
 * @returns names of files that came, went, or have another size or other contents
 * @example
 * const reads = new Set(before.filter(({ digest }) => digest).map(({ name }) => name));
 * const now = await markFiles(folder, names, { reads: (name) => reads.has(name) });
 * compareMarks(before, now).changed;
 */
export function compareMarks(before: readonly FileMark[], now: readonly FileMark[]): FileChanges {
  const left = new Map(before.map((mark) => [mark.name, mark]));
  const [added, changed]: [string[], string[]] = [[], []];
  for (const { name, size, digest } of now) {
    const old = left.get(name);
    left.delete(name);
    if (old === undefined) added.push(name);
    else if (size !== old.size || (digest ?? old.digest) !== (old.digest ?? digest)) {
      changed.push(name);
    }
  }
  return { added, removed: [...left.keys()], changed };
}
