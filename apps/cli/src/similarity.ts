import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import type { Rows } from './features.ts';

const AT_ONCE = 256; // rows that are compared with all others at a time

/** Two rows and their cosine. */
export type Pair = { readonly first: number; readonly second: number; readonly cosine: number };

/**
 * Rows with their common mean taken off, each of length 1: products of two are cosines.
 *
 * @param rows `[N, width]`
 * @param centre the mean to take off; that of the rows unless given
 * @returns the unit rows and the mean
 */
export function unitRows(
  { features, width }: Rows,
  centre: Float32Array = meanOf(features, width),
): { readonly unit: Float32Array; readonly centre: Float32Array } {
  const unit = features.map((x, i) => x - (centre[i % width] ?? 0));
  for (let at = 0; at < unit.length; at += width) {
    const row = unit.subarray(at, at + width);
    const length = Math.hypot(...row) || 1;
    row.forEach((x, i) => {
      row[i] = x / length;
    });
  }
  return { unit, centre };
}

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
    cosine: query.reduce((sum, x, i) => sum + x * (unit[row * width + i] ?? 0), 0),
  }))
    .sort((a, b) => b.cosine - a.cosine || a.row - b.row)
    .slice(0, top);
}

/**
 * All pairs of rows whose cosine is at least a limit.
 *
 * @param unit unit rows `[N, width]`
 * @param width numbers in a row
 * @param least the limit
 * @returns pairs, nearest first
 */
export function pairsAbove(unit: Float32Array, width: number, least: number): Pair[] {
  const rows = unit.length / width;
  const pairs: Pair[] = [];
  for (let first = 0; first < rows; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, rows - first);
    const cosines = tidy(() => {
      const some = tensor2d(unit.subarray(first * width, (first + count) * width), [count, width]);
      return matMul(some, tensor2d(unit, [rows, width]), false, true).dataSync();
    });
    for (let i = 0; i < count; i++) {
      for (let second = first + i + 1; second < rows; second++) {
        const cosine = cosines[i * rows + second] ?? 0;
        if (cosine >= least) pairs.push({ first: first + i, second, cosine });
      }
    }
  }
  return pairs.sort((a, b) => b.cosine - a.cosine || a.first - b.first);
}
