import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { Rows } from '../images/features.ts';
import { progressOf } from '../terminal/progress.ts';

const AT_ONCE = 256; // rows that are compared with all others at a time

/** Two rows and their cosine. */
export type Pair = { readonly first: number; readonly second: number; readonly cosine: number };

/** Fewer pictures than these have no common mean to take off: it would be the pictures themselves. */
const FEW = 8;
/** Numbers in float32: rows that differ from their mean by less than this share of it are equal to it. */
const EQUAL = 1e-5;
/** Products of equal unit rows end this close to 1. */
const ROUNDING = 2e-6;

/** Unit rows, and what was taken off before their lengths were made 1. */
export type UnitRows = {
  /** `[N, width]` */
  readonly unit: Float32Array;
  readonly width: number;
  readonly centre: Float32Array;
};

/**
 * Rows with their common mean taken off, each of length 1: products of two are cosines.
 *
 * All features of a model have much in common, which would bring every cosine near to 1. Of fewer
 * than 8 rows nothing is taken off. A row of which nothing is left gets a direction of its own, the
 * last column: such rows are equal to each other, and to no other.
 *
 * @param rows `[N, W]`
 * @param centre the mean to take off; that of the rows unless given
 * @returns unit rows `[N, W + 1]` and the mean
 */
export function unitRows(
  { features, width }: Rows,
  centre: Float32Array = centreOf(features, width),
): UnitRows {
  const count = features.length / Math.max(1, width);
  const unit = new Float32Array(count * (width + 1));
  for (let row = 0; row < count; row++) {
    const own = features.subarray(row * width, (row + 1) * width);
    const left = own.map((x, i) => x - (centre[i] ?? 0));
    const length = lengthOf(left);
    const at = row * (width + 1);
    if (length <= EQUAL * lengthOf(own)) unit[at + width] = 1;
    else
      unit.set(
        left.map((x) => x / length),
        at,
      );
  }
  return { unit, width: width + 1, centre };
}

/** In units of the largest number, so that no square is too large or too small. */
function lengthOf(row: Float32Array): number {
  const largest = row.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (largest === 0) return 0;
  return largest * Math.sqrt(row.reduce((sum, x) => sum + (x / largest) ** 2, 0));
}

const centreOf = (features: Float32Array, width: number): Float32Array =>
  features.length < FEW * width ? new Float32Array(width) : meanOf(features, width);

/** Rounding left out: equal rows have a cosine of 1. */
const cosineOf = (product: number): number =>
  Math.abs(product) > 1 - ROUNDING ? Math.sign(product) : product;

function meanOf(features: Float32Array, width: number): Float32Array {
  const sums = new Float64Array(width);
  features.forEach((x, i) => {
    sums[i % width] = (sums[i % width] ?? 0) + x;
  });
  return Float32Array.from(sums, (sum) => (sum * width) / Math.max(1, features.length));
}

/**
 * The rows nearest to one.
 *
 * @param unit unit rows `[N, width]`
 * @param query a unit row
 * @param top how many
 * @returns row numbers and cosines, nearest first; ties in the order of the rows
 */
export function nearest(
  unit: Float32Array,
  query: Float32Array,
  top: number,
): { readonly row: number; readonly cosine: number }[] {
  const width = query.length;
  return Array.from({ length: unit.length / width }, (_, row) => ({
    row,
    cosine: cosineOf(query.reduce((sum, x, i) => sum + x * (unit[row * width + i] ?? 0), 0)),
  }))
    .sort((a, b) => b.cosine - a.cosine || a.row - b.row)
    .slice(0, top);
}

/**
 * All pairs of rows whose cosine is at least a limit.
 *
 * @param rows unit rows
 * @param least the limit
 * @returns pairs, nearest first
 */
export function pairsAbove(
  { unit, width }: Pick<UnitRows, 'unit' | 'width'>,
  least: number,
): Pair[] {
  const rows = unit.length / width;
  const progress = progressOf('comparing images');
  const pairs: Pair[] = [];
  for (let first = 0; first < rows; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, rows - first);
    const cosines = tidy(() => {
      const some = tensor2d(unit.subarray(first * width, (first + count) * width), [count, width]);
      return matMul(some, tensor2d(unit, [rows, width]), false, true).dataSync();
    });
    for (let i = 0; i < count; i++) {
      for (let second = first + i + 1; second < rows; second++) {
        const cosine = cosineOf(cosines[i * rows + second] ?? 0);
        if (cosine >= least) pairs.push({ first: first + i, second, cosine });
      }
    }
    progress.count(first + count, rows);
  }
  return pairs.sort((a, b) => b.cosine - a.cosine || a.first - b.first);
}
