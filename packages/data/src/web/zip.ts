import { expectType } from '@twocan/core';
import type { NamedFile } from './named-files.ts';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** A larger file is no picture, or a small one that was made to unpack into a large one. */
const MOST_BYTES = 2 ** 28;

/** A file of an archive: where it lies, packed or not. */
type Entry = {
  readonly path: string;
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
};

/**
 * The files of a zip archive. Only its list is read at first, and each file when it is asked for.
 *
 * @param archive the zip file
 * @returns its files, folders left out; `open` unpacks one
 * @throws RangeError for what is no zip archive, or one of more than 4 GB
 * @example
 * for (const { path, open } of await zipEntries(file)) console.log(path, (await open()).size);
 *
 * PKWARE, APPNOTE.TXT, sections 4.3 and 4.4
 */
export async function zipEntries(
  archive: Blob,
): Promise<readonly { readonly path: string; readonly open: () => Promise<Blob> }[]> {
  expectType('zipEntries', 'archive', archive, Blob);
  const from = Math.max(0, archive.size - END_BYTES - LONGEST_COMMENT);
  const tail = new DataView(await archive.slice(from).arrayBuffer());
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw new RangeError('zipEntries: archive must be a zip file; it may be cut off');
  const size = tail.getUint32(end + 12, true);
  const start = tail.getUint32(end + 16, true);
  if (start + size > archive.size) {
    throw new RangeError('zipEntries: archive must be whole and of at most 4 GB');
  }
  const list = await archive.slice(start, start + size).arrayBuffer();
  return entriesOf(new DataView(list)).map((entry) => ({
    path: entry.path,
    open: () => unpacked(archive, entry),
  }));
}

function entriesOf(list: DataView): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (at + 46 <= list.byteLength && list.getUint32(at, true) === ENTRY) {
    const [name, extra, comment] = [28, 30, 32].map((field) => list.getUint16(at + field, true));
    const bytes = new Uint8Array(list.buffer, list.byteOffset + at + 46, name);
    const path = new TextDecoder().decode(bytes).replaceAll('\\', '/');
    if (!path.endsWith('/')) {
      entries.push({
        path,
        flags: list.getUint16(at + 8, true),
        method: list.getUint16(at + 10, true),
        packed: list.getUint32(at + 20, true),
        size: list.getUint32(at + 24, true),
        at: list.getUint32(at + 42, true),
      });
    }
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

async function unpacked(archive: Blob, entry: Entry): Promise<Blob> {
  if ((entry.flags & ENCRYPTED) !== 0) throw new RangeError('it is encrypted in its archive');
  if (entry.size > MOST_BYTES) throw new RangeError('it is larger than 256 MB');
  // Name and extra field may have other lengths here than in the list.
  const head = new DataView(await archive.slice(entry.at, entry.at + 30).arrayBuffer());
  if (head.byteLength < 30) throw new RangeError('its archive is cut off');
  const from = entry.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = archive.slice(from, from + entry.packed);
  if (entry.method === STORED) return packed;
  if (entry.method !== DEFLATED)
    throw new RangeError('its archive is packed in a way that is not read here');
  return inflated(packed, entry.size);
}

/** No more than the announced bytes: what unpacks into more is not read to its end. */
async function inflated(packed: Blob, size: number): Promise<Blob> {
  const stream = packed.stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    if (bytes > size) throw new RangeError('its archive is damaged');
    pieces.push(piece);
  }
  if (bytes !== size) throw new RangeError('its archive is damaged');
  return new Blob(pieces);
}

/** Whether a file is an archive, by its name or by its type. */
export const isZip = ({ path, file }: NamedFile): boolean =>
  /\.zip$/i.test(path) || /^application\/(x-)?zip/.test(file.type);
