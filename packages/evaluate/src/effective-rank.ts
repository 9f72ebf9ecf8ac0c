import { expectOptions, expectType } from '@twocan/core';
import { symmetricEigenvalues } from './eigenvalues.ts';
import { widthOf } from './features.ts';
import { columnGram, rowGram } from './gram.ts';
import { meanRow, unitRows } from './unit-rows.ts';

/**
 * How many directions features use: 1 for collapsed ones, D for evenly spread ones.
 *
 * exp(-Σ p_i ln p_i), p_i = s_i / Σ s, over the singular values s of the rows after centring and
 * scaling each to length 1. Costs M·D² + (4/3) D³ operations in float64 on the host.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @param options.centre subtract the mean row first; default true
 * @param options.normalize scale rows to length 1; default true
 * @returns between 1 and min(M, D); 0 if all rows are equal (or zero)
 * @throws RangeError if rows are empty, uneven or not finite
 * @example
 * effectiveRank(new Float32Array([1, 0, 0, 1]), { rows: 2, centre: false }); // 2
 *
 * Roy and Vetterli, "The effective rank" (2007); RankMe, arXiv:2210.02885, uses it without centring.
 */
export function effectiveRank(
  features: Float32Array,
  options: { readonly rows: number; readonly centre?: boolean; readonly normalize?: boolean },
): number {
  expectOptions('effectiveRank', 'options', options, ['rows'], ['centre', 'normalize']);
  const { rows, centre = true, normalize = true } = options;
  expectType('effectiveRank', 'centre', centre, 'boolean');
  expectType('effectiveRank', 'normalize', normalize, 'boolean');
  const width = widthOf('effectiveRank', 'features', features, rows);
  const middle = centre ? meanRow(features, { rows }) : new Float64Array(width);
  const prepared = normalize
    ? unitRows(features, { rows, centre: middle })
    : features.map((x, i) => x - (middle[i % width] ?? 0));
  // The smaller of the two Gram matrices has the same eigenvalues but for zeros.
  const gram = rows < width ? rowGram(prepared, rows) : columnGram(prepared, width);
  const size = Math.min(rows, width);
  const eigenvalues = symmetricEigenvalues(gram, size);
  const largest = eigenvalues.reduce((a, b) => Math.max(a, b), 0);
  // Below this an eigenvalue is rounding error, and its root would pass for a small direction.
  const floor = largest * Number.EPSILON * Math.max(rows, width);
  const singular = Array.from(eigenvalues, (x) => (x > floor ? Math.sqrt(x) : 0));
  const total = singular.reduce((a, b) => a + b, 0);
  if (total === 0) return 0;
  const entropy = singular.reduce(
    (sum, s) => (s > 0 ? sum - (s / total) * Math.log(s / total) : sum),
    0,
  );
  return Math.exp(entropy);
}
