import { symmetricEigenvalues } from './eigenvalues.ts';
import { widthOf } from './features.ts';
import { columnGram, rowGram } from './gram.ts';
import { meanRow, unitRows } from './unit-rows.ts';

/** What is done to rows before their spectrum is taken. */
export type Prepared = {
  readonly rows: number;
  /** Subtract the mean row. */
  readonly centre: boolean;
  /** Scale rows to length 1. */
  readonly normalize: boolean;
};

/**
 * The eigenvalues of the smaller Gram matrix of features: squares of their singular values. Costs M·D² + (4/3) D³
 * operations in float64 on the host.
 *
 * @param caller the calling function, named in errors
 * @param features `[M, D]`, row by row
 * @param prepared what is done to the rows first
 * @returns min(M, D) numbers in no order; 0 for what is rounding error
 * @throws RangeError if rows are empty, uneven or not finite
 */
export function spectrumOf(
  caller: string,
  features: Float32Array,
  { rows, centre, normalize }: Prepared,
): Float64Array {
  const width = widthOf(caller, 'features', features, rows);
  const middle = centre ? meanRow(features, { rows }) : new Float64Array(width);
  const prepared = normalize
    ? unitRows(features, { rows, centre: middle })
    : features.map((x, i) => x - (middle[i % width] ?? 0));
  // The smaller of the two Gram matrices has the same eigenvalues but for zeros.
  const gram = rows < width ? rowGram(prepared, rows) : columnGram(prepared, width);
  const eigenvalues = symmetricEigenvalues(gram, Math.min(rows, width));
  const largest = eigenvalues.reduce((a, b) => Math.max(a, b), 0);
  // Below this an eigenvalue is rounding error, and its root would pass for a small direction.
  const floor = largest * Number.EPSILON * Math.max(rows, width);
  return eigenvalues.map((x) => (x > floor ? x : 0));
}
