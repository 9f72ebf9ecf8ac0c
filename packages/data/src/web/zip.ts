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
/** Of a larger archive only the parts that are needed are read: each takes a browser about a millisecond. */
const IN_MEMORY = 2 ** 26;

/** A file of an archive: where it lies, packed or not. */
type Entry = {
  readonly path: string;
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
};

/** Bytes of an archive, from one place to another. */
type Read = (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The files of a zip archive. Of a large one only the list is read at first, and each file when it is asked for.
 *
 * @param archive the zip file
 * @returns its files, folders left out; `read` unpacks one
 * @throws RangeError for what is no zip archive, or one of more than 4 GB
 * @example
 * for (const { path, read } of await zipEntries(file)) console.log(path, (await read()).length);
 *
 * PKWARE, APPNOTE.TXT, sections 4.3 and 4.4
 */
export async function zipEntries(
  archive: Blob,
): Promise<
  readonly { readonly path: string; readonly read: () => Promise<Uint8Array<ArrayBuffer>> }[]
> {
  expectType('zipEntries', 'archive', archive, Blob);
  const bytes = await reading(archive);
  const { size: all } = archive;
  const tail = viewOf(await bytes(Math.max(0, all - END_BYTES - LONGEST_COMMENT), all));
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw new RangeError('zipEntries: archive must be a zip file; it may be cut off');
  const size = tail.getUint32(end + 12, true);
  const start = tail.getUint32(end + 16, true);
  if (start + size > all) {
    throw new RangeError('zipEntries: archive must be whole and of at most 4 GB');
  }
  return entriesOf(viewOf(await bytes(start, start + size))).map((entry) => ({
    path: entry.path,
    read: () => unpacked(bytes, entry),
  }));
}

/** Reads a small archive at once, another part by part. */
async function reading(archive: Blob): Promise<Read> {
  if (archive.size > IN_MEMORY) {
    return async (from, to) => new Uint8Array(await archive.slice(from, to).arrayBuffer());
  }
  const whole = new Uint8Array(await archive.arrayBuffer());
  return async (from, to) => whole.slice(from, to);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

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

async function unpacked(bytes: Read, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
  if ((entry.flags & ENCRYPTED) !== 0) throw new RangeError('it is encrypted in its archive');
  if (Math.max(entry.size, entry.packed) > MOST_BYTES) {
    throw new RangeError('it is larger than 256 MB');
  }
  // Name and extra field may have other lengths here than in the list.
  const head = viewOf(await bytes(entry.at, entry.at + 30));
  if (head.byteLength < 30) throw new RangeError('its archive is cut off');
  const from = entry.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = await bytes(from, from + entry.packed);
  if (entry.method === STORED) return packed;
  if (entry.method !== DEFLATED)
    throw new RangeError('its archive is packed in a way that is not read here');
  return inflated(packed, entry.size);
}

/** No more than the announced bytes: what unpacks into more is not read to its end. */
async function inflated(
  packed: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const writer = writable.getWriter();
  // What is damaged is reported by the reading side.
  const written = writer.write(packed).then(() => writer.close());
  written.catch(() => undefined);
  const whole = new Uint8Array(size);
  let bytes = 0;
  const reader = readable.getReader();
  for (;;) {
    const { value: piece, done } = await reader.read();
    if (done) break;
    if (bytes + piece.length > size) throw new RangeError('its archive is damaged');
    whole.set(piece, bytes);
    bytes += piece.length;
  }
  if (bytes !== size) throw new RangeError('its archive is damaged');
  return whole;
}

/** Whether a file is an archive, by its name or by its type. */
export const isZip = ({ path, file }: NamedFile): boolean =>
  /\.zip$/i.test(path) || /^application\/(x-)?zip/.test(file.type);
