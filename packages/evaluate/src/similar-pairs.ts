import { expectInteger, expectNumber, expectOptions, expectType } from '@twocan/core';
import { transposed, wholeRows } from './features.ts';
import { cosineOf } from './nearest-rows.ts';
import { productInPieces } from './product.ts';

/** Two rows and their cosine. */
export type Pair = { readonly first: number; readonly second: number; readonly cosine: number };

/**
 * All pairs of rows whose cosine is at least a limit.
 *
 * Products run on the current backend, in pieces of 16 MB.
 *
 * @param unit rows of length 1, `[M, D]`, as `unitRows` makes them
 * @param options.rows M
 * @param options.least the limit, -1 to 1
 * @param options.progress called with how many rows are done, and M
 * @returns pairs, nearest first; equal rows have a cosine of 1
 * @throws RangeError if rows are empty or uneven, or `least` is out of range
 * @example
 * await similarPairs(unitRows(features, { rows: 500 }), { rows: 500, least: 0.95 });
 */
export async function similarPairs(
  unit: Float32Array,
  options: {
    readonly rows: number;
    readonly least: number;
    readonly progress?: (done: number, total: number) => void;
  },
): Promise<Pair[]> {
  expectOptions('similarPairs', 'options', options, ['rows', 'least'], ['progress']);
  const { rows, least, progress } = options;
  expectInteger('similarPairs', 'rows', rows, 0);
  const width = wholeRows('similarPairs', 'unit', unit, rows);
  expectNumber('similarPairs', 'least', least, 'be in [-1, 1]', (x) => x >= -1 && x <= 1);
  if (progress !== undefined) expectType('similarPairs', 'progress', progress, 'function');
  const pairs: Pair[] = [];
  await productInPieces(unit, rows, transposed(unit, width), rows, (start, count, products) => {
    for (let i = 0; i < count; i++) {
      for (let second = start + i + 1; second < rows; second++) {
        const cosine = cosineOf(products[i * rows + second] as number);
        if (cosine >= least) pairs.push({ first: start + i, second, cosine });
      }
    }
    progress?.(start + count, rows);
  });
  return pairs.sort((a, b) => b.cosine - a.cosine || a.first - b.first);
}
