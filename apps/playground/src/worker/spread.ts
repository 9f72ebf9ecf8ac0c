import { meanRow } from '@twocan/evaluate';

/**
 * How far rows are apart: the variance around their mean as a share of their mean square.
 *
 * @param features `[rows, D]`
 * @param rows how many
 * @returns 0 where all rows are the same, near 1 where their mean says nothing of them
 */
export function spreadOf(features: Float32Array, rows: number): number {
  const mean = meanRow(features, { rows });
  let [around, square] = [0, 0];
  features.forEach((value, i) => {
    around += (value - (mean[i % mean.length] as number)) ** 2;
    square += value ** 2;
  });
  return square === 0 ? 0 : around / square;
}
