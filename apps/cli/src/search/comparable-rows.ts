import { meanRow, unitRows } from '@twocan/evaluate';
import type { Rows } from '@twocan/pretrain';

/** Fewer pictures than these have no common mean to take off: it would be the pictures themselves. */
const FEW = 8;
/** Features of the same picture differ by less than this share of their length. */
const EQUAL = 1e-5;

/** Rows whose products are the cosines that search shows. */
export type ComparableRows = {
  /** `[N, W + 1]` */
  readonly unit: Float32Array;
  /** What was taken off each row before its length was made 1. */
  readonly centre: Float64Array;
};

/**
 * Rows with their common mean taken off, each of length 1.
 *
 * All features of a model have much in common, which would bring every cosine near to 1. Of fewer
 * than 8 rows nothing is taken off. A row of which nothing is left gets a direction of its own, the
 * last column: such rows are equal to each other, and to no other.
 *
 * @param rows `[N, W]`
 * @param centre the mean to take off; that of the rows unless given
 * @returns unit rows `[N, W + 1]` and the mean
 */
export function comparableRows(
  { features, width }: Rows,
  centre: Float64Array = centreOf(features, width),
): ComparableRows {
  const rows = features.length / width;
  const narrow = unitRows(features, { rows, centre, equal: EQUAL });
  const unit = new Float32Array(rows * (width + 1));
  for (let row = 0; row < rows; row++) {
    const own = narrow.subarray(row * width, (row + 1) * width);
    unit.set(own, row * (width + 1));
    if (own.every((x) => x === 0)) unit[row * (width + 1) + width] = 1;
  }
  return { unit, centre };
}

function centreOf(features: Float32Array, width: number): Float64Array {
  const rows = features.length / width;
  return rows < FEW ? new Float64Array(width) : meanRow(features, { rows });
}
