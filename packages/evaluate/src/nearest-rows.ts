import { expectInteger, expectOptions, expectType } from '@twocan/core';
import { wholeRows } from './features.ts';

/** A row and the cosine between it and what it was compared with. */
export type NearRow = { readonly row: number; readonly cosine: number };

/** Products of equal unit rows in float32 end this close to 1. */
const ROUNDING = 2e-6;

/**
 * The cosine of a product of two unit rows: rounding left out, so that equal rows have 1.
 *
 * @param product of two rows of length 1 in float32
 * @returns the same; 1 or -1 if it is closer to that than float32 can tell
 */
export const cosineOf = (product: number): number =>
  Math.abs(product) > 1 - ROUNDING ? Math.sign(product) : product;

/**
 * The rows nearest to one, by cosine.
 *
 * @param query a row of length 1, `[D]`
 * @param unit rows of length 1, `[M, D]`, as `unitRows` makes them
 * @param options.k how many; all if there are fewer
 * @param options.except a row to leave out
 * @returns rows and cosines, nearest first; ties in the order of the rows
 * @throws RangeError if the query has no numbers, `unit` is not made of such rows, `k` is not a
 *   positive integer or `except` is not a row
 * @example
 * nearestRows(Float32Array.of(1, 0), Float32Array.of(0, 1, 1, 0), { k: 1 }); // [{ row: 1, cosine: 1 }]
 */
export function nearestRows(
  query: Float32Array,
  unit: Float32Array,
  options: { readonly k: number; readonly except?: number },
): NearRow[] {
  expectOptions('nearestRows', 'options', options, ['k'], ['except']);
  const { k, except } = options;
  const width = wholeRows('nearestRows', 'query', query, 1);
  expectType('nearestRows', 'unit', unit, Float32Array);
  const rows = unit.length / width;
  wholeRows('nearestRows', 'unit', unit, rows);
  expectInteger('nearestRows', 'k', k, 1, Number.MAX_VALUE);
  if (except !== undefined) expectInteger('nearestRows', 'except', except, 0, rows - 1);
  const cosines = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < width; i++) {
      sum += (query[i] as number) * (unit[row * width + i] as number);
    }
    cosines[row] = row === except ? Number.NEGATIVE_INFINITY : cosineOf(sum);
  }
  const others = except === undefined ? rows : rows - 1;
  return Array.from(largest(cosines, Math.min(k, others)), (row) => ({
    row,
    cosine: cosines[row] as number,
  }));
}

/** Indices of the k largest values, the largest first, by insertion into a short sorted list. */
export function largest(values: Float32Array | Float64Array, k: number): Int32Array {
  const found = new Int32Array(k);
  let count = 0;
  let floor = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (count === k && value <= floor) continue;
    let at = count < k ? count++ : k - 1;
    while (at > 0 && (values[found[at - 1] as number] as number) < value) {
      found[at] = found[at - 1] as number;
      at--;
    }
    found[at] = i;
    floor = values[found[count - 1] as number] as number;
  }
  return found;
}
