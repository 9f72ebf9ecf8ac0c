import { expectInteger, expectType } from '@twocan/core';

/**
 * What a NumPy file of float32 numbers begins with, format version 1.0.
 *
 * @param shape of the array
 * @returns the bytes before the numbers
 * @throws RangeError for a size that is not whole
 * @example
 * npyHead([100, 192]);
 *
 * numpy.lib.format
 */
export function npyHead(shape: readonly number[]): Uint8Array {
  expectType('npyHead', 'shape', shape, Array);
  for (const size of shape) expectInteger('npyHead', 'shape', size, 0, Number.MAX_SAFE_INTEGER);
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  // Magic, version and length take 10 bytes; numbers begin at a multiple of 64.
  const padding = 64 - ((10 + text.length + 1) % 64);
  const header = `${text}${' '.repeat(padding)}\n`;
  const bytes = new Uint8Array(10 + header.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), 10);
  return bytes;
}
