const POLYNOMIAL = 0x82f63b78; // Castagnoli's, bits reversed

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  }
  return remainder;
});

/**
 * CRC-32C of some bytes (RFC 3720, section 12.1).
 *
 * @param bytes the bytes
 * @returns an unsigned 32-bit number
 */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder = (remainder >>> 8) ^ (TABLE[(remainder ^ byte) & 0xff] ?? 0);
  }
  return ~remainder >>> 0;
}

/**
 * The form in which TFRecord files store a CRC: a CRC of data that holds its own CRC would be weak.
 *
 * @param crc of {@link crc32c}
 * @returns rotated by 15 bits, plus a constant
 */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
