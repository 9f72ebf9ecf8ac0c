import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';

/** Rows times columns on the current backend: `[rows, D] · [D, columns]`, the form that is fast. */
export async function product(
  left: Float32Array,
  rows: number,
  right: Float32Array,
  columns: number,
): Promise<Float32Array> {
  const width = left.length / rows;
  const result = tidy(() =>
    matMul(tensor2d(left, [rows, width]), tensor2d(right, [width, columns])),
  );
  const values = await result.data<'float32'>();
  result.dispose();
  return values;
}

/** Values that are held at a time: 16 MB, whatever the number of rows. */
const CHUNK = 4_000_000;

/**
 * The same product, handed out in pieces of bounded size.
 *
 * @param left `[rows, D]`
 * @param rows M
 * @param right `[D, columns]`
 * @param columns N
 * @param take called with the first row of a piece, its number of rows and its values
 */
export async function productInPieces(
  left: Float32Array,
  rows: number,
  right: Float32Array,
  columns: number,
  take: (first: number, count: number, values: Float32Array) => void,
): Promise<void> {
  const width = left.length / rows;
  const atOnce = Math.max(1, Math.floor(CHUNK / Math.max(columns, width)));
  for (let first = 0; first < rows; first += atOnce) {
    const count = Math.min(atOnce, rows - first);
    const piece = left.subarray(first * width, (first + count) * width);
    take(first, count, await product(piece, count, right, columns));
  }
}

/** The column of the largest value of each row; the first of equals. */
export async function largestColumns(
  left: Float32Array,
  rows: number,
  right: Float32Array,
  columns: number,
  offset?: Float32Array,
): Promise<Int32Array> {
  const found = new Int32Array(rows);
  await productInPieces(left, rows, right, columns, (first, count, values) => {
    for (let row = 0; row < count; row++) {
      const at = (column: number): number =>
        (values[row * columns + column] as number) + (offset?.[column] ?? 0);
      let best = 0;
      for (let column = 1; column < columns; column++) if (at(column) > at(best)) best = column;
      found[first + row] = best;
    }
  });
  return found;
}
