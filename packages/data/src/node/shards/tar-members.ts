import { BLOCK, readHeader, untilZero } from './tar-header.ts';

/** Reads at most so many bytes of a file from a position on; fewer at its end. */
export type ReadAt = (position: number, length: number) => Buffer;

/** A member of a tar file. */
export type TarMember = {
  readonly kind: string;
  /** As bytes, whatever they are. */
  readonly name: Buffer;
  /** Where its contents begin. */
  readonly offset: number;
  /** How many bytes they have; they lie in the file. */
  readonly size: number;
};

/** How a tar file ends: with its mark, or as it should not. */
export type TarEnd = { readonly problem?: string };

/** Bytes that names and other descriptions of a member may have; more are a mistake or an attack. */
const MOST_DESCRIPTION = 2 ** 20;
/** Descriptions that may follow one another before a member. */
const MOST_DESCRIPTIONS = 16;
/** Behind its mark an archive is filled with zeros up to a multiple of its blocks, of 10 KiB as a rule. */
const PADDING = 2 ** 20;

/**
 * Walks the members of a tar file by their headers, in their order: contents are not read.
 *
 * @param readAt reads the file
 * @param length bytes of the file
 * @param use what is done with each member that is described whole
 * @returns what is wrong where the file does not end as it should: all before that was walked
 */
export function walkTar(readAt: ReadAt, length: number, use: (member: TarMember) => void): TarEnd {
  let at = 0;
  let said: Said = {};
  let global: Said = {};
  let descriptions = 0;
  while (at < length) {
    const block = readAt(at, BLOCK);
    if (block.length < BLOCK) {
      return { problem: (at === 0 && compressedBy(block)) || `is cut off at byte ${length}` };
    }
    if (isZero(block)) return endOf(readAt, at, length);
    const header = readHeader(block);
    if (typeof header === 'string') {
      return {
        problem:
          at === 0
            ? (compressedBy(block) ?? 'is no tar file')
            : `is damaged from byte ${at} on: it ${header}`,
      };
    }
    const offset = at + BLOCK;
    const described = 'xgLK'.includes(header.kind);
    const size = described ? header.size : (said.size ?? global.size ?? header.size);
    if (size > length - offset) {
      return { problem: `is cut off: a member of ${size} bytes begins at byte ${at} of ${length}` };
    }
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (!described) {
      const name = said.name ?? global.name ?? header.name;
      const kind = said.sparse || global.sparse ? 'S' : header.kind;
      use({ kind, name, offset, size });
      [said, descriptions] = [{}, 0];
      continue;
    }
    if (size > MOST_DESCRIPTION || ++descriptions > MOST_DESCRIPTIONS) {
      return { problem: `is damaged from byte ${offset - BLOCK} on: too long a description` };
    }
    const contents = readAt(offset, size);
    if (contents.length < size) return { problem: `is cut off at byte ${length}` };
    if (header.kind === 'L') said = { ...said, name: untilZero(Buffer.from(contents)) };
    if (header.kind === 'x' || header.kind === 'g') {
      const found = paxOf(contents);
      if (found === undefined) {
        return {
          problem: `is damaged from byte ${offset - BLOCK} on: a description of another form`,
        };
      }
      if (header.kind === 'x') said = { ...said, ...found };
      else global = { ...global, ...found };
    }
  }
  return { problem: length === 0 ? 'is empty' : 'has no mark of its end: it may be cut off' };
}

/** What blocks before a member say of it. */
type Said = { readonly name?: Buffer; readonly size?: number; readonly sparse?: boolean };

/** Reads records `LENGTH KEY=VALUE\n`; undefined where they are none. */
function paxOf(bytes: Buffer): Said | undefined {
  let said: Said = {};
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(' ', at);
    const digits = bytes.toString('latin1', at, space < 0 ? at : Math.min(space, at + 10));
    const end = at + Number(digits);
    if (!/^\d+$/.test(digits) || end > bytes.length || end <= space + 1) return undefined;
    const equals = bytes.indexOf('=', space);
    if (equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) return undefined;
    const key = bytes.toString('latin1', space + 1, equals);
    const value = bytes.subarray(equals + 1, end - 1);
    if (key === 'path') said = { ...said, name: Buffer.from(value) };
    if (key.startsWith('GNU.sparse')) said = { ...said, sparse: true };
    if (key === 'size') {
      const size = Number(value.toString('latin1'));
      if (!/^\d+$/.test(value.toString('latin1')) || !Number.isSafeInteger(size)) return undefined;
      said = { ...said, size };
    }
    at = end;
  }
  return said;
}

/** Archives that were put behind one another have members after the mark of the first's end. */
function endOf(readAt: ReadAt, at: number, length: number): TarEnd {
  const rest = readAt(at, Math.min(PADDING, length - at));
  if (isZero(rest) && length - at <= PADDING) return {};
  return { problem: `has ${length - at} bytes behind its end, which are not read` };
}

/** What to do with a file that another program compressed. */
function compressedBy(block: Buffer): string | undefined {
  const known = COMPRESSED.find(({ begins }) => block.subarray(0, begins.length).equals(begins));
  return known && `is compressed with ${known.by}; decompress it first: ${known.how}`;
}

const COMPRESSED = [
  { by: 'gzip', begins: Buffer.from([0x1f, 0x8b]), how: 'gunzip' },
  { by: 'zstd', begins: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), how: 'unzstd' },
  { by: 'xz', begins: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), how: 'unxz' },
  { by: 'bzip2', begins: Buffer.from('BZh'), how: 'bunzip2' },
  { by: 'zip', begins: Buffer.from('PK\x03\x04'), how: 'unzip, and give the folder' },
] as const;

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
