/**
 * The file of names that belongs to a file of features.
 *
 * @param path the features' file
 * @returns `photos.names.txt` for `photos.npy`; nothing for a format that holds the names itself
 */
export const namesBeside = (path: string): string[] =>
  /\.npy$/i.test(path) ? [path.replace(/\.npy$/i, '.names.txt')] : [];

/**
 * A float32 matrix as a NumPy file, format version 1.0.
 *
 * @param data row by row
 * @param shape rows and columns
 * @returns the file's bytes
 * @example
 * writeFileSync('features.npy', encodeNpy(features, [100, 192]));
 *
 * numpy.lib.format
 */
export function encodeNpy(data: Float32Array, shape: readonly [number, number]): Uint8Array {
  const [rows, columns] = shape;
  if (data.length !== rows * columns) {
    throw new RangeError(
      `encodeNpy: data must have ${rows}·${columns} numbers, got ${data.length}`,
    );
  }
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // Magic, version and length take 10 bytes; numbers begin at a multiple of 64.
  const padding = 64 - ((10 + text.length + 1) % 64);
  const header = `${text}${' '.repeat(padding)}\n`;
  const bytes = new Uint8Array(10 + header.length + 4 * data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  view.setUint16(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), 10);
  data.forEach((x, i) => {
    view.setFloat32(10 + header.length + 4 * i, x, true);
  });
  return bytes;
}
