/** The unit of a tar file: a header, and what contents are rounded up to. */
export const BLOCK = 512;

/** What a header block says. */
export type TarHeader = {
  /** The kind of member: `0` for a file; `x`, `g`, `L` and `K` describe the member that follows. */
  readonly kind: string;
  /** The name as bytes, without what a block before this one says of it. */
  readonly name: Buffer;
  /** Bytes of contents. */
  readonly size: number;
};

/**
 * Reads the header of a member: of the old format, ustar, GNU or pax.
 *
 * @param block 512 bytes
 * @returns the header, or in words what is wrong with the block
 */
export function readHeader(block: Buffer): TarHeader | string {
  if (!isSumRight(block)) return 'is no header of a tar file';
  const size = numberOf(block.subarray(124, 136));
  if (size === undefined) return 'has a size that is no number';
  const magic = block.toString('latin1', 257, 263);
  const own = untilZero(block.subarray(0, 100));
  const before = magic === 'ustar\0' ? untilZero(block.subarray(345, 500)) : Buffer.alloc(0);
  const name = before.length === 0 ? own : Buffer.concat([before, Buffer.from('/'), own]);
  const kind = block[156] === 0 ? '0' : block.toString('latin1', 156, 157);
  return { kind, name, size };
}

/** Some programs of old summed signed bytes. */
function isSumRight(block: Buffer): boolean {
  const kept = numberOf(block.subarray(148, 156));
  let [unsigned, signed] = [8 * 32, 8 * 32];
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    const byte = block[i] ?? 0;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return kept === unsigned || kept === signed;
}

/** Octal digits between spaces and zeros, or of GNU the bytes of a number; undefined for another. */
function numberOf(field: Buffer): number | undefined {
  const [first = 0] = field;
  if (first >= 0x80) {
    if (first !== 0x80) return undefined; // negative, or more than any file has
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = field.toString('latin1').replace(/^[ \0]+|[ \0]+$/g, '');
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Bytes up to the first zero. */
export function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
