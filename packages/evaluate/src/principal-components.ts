import { expectOptions } from '@twocan/core';
import { widthOf } from './features.ts';
import { columnGram } from './gram.ts';
import { meanRow } from './unit-rows.ts';

/** Rows seen along the directions in which they differ most. */
export type PrincipalComponents = {
  /** `[M, components]`, row by row. */
  readonly coordinates: Float32Array;
  /** Share of the whole variance that each direction explains. */
  readonly explained: readonly number[];
};

const ROUNDS = 1000;
const SETTLED = 1e-12;

/**
 * Projects rows on the directions of largest variance.
 *
 * Each direction has its largest entry positive, as scikit-learn's. Found by power iteration in
 * float64: two directions of almost equal variance may come out as a mixture of both. Costs M·D²
 * operations and up to 1000·D² for each direction.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @param options.components how many directions, at most D; default 2
 * @returns coordinates and shares of variance; zeros where the rows differ in fewer directions
 * @throws RangeError if rows are empty, uneven or not finite, or there are not that many directions
 * @example
 * const { coordinates } = principalComponents(features, { rows: 500 });
 */
export function principalComponents(
  features: Float32Array,
  options: { readonly rows: number; readonly components?: number },
): PrincipalComponents {
  expectOptions('principalComponents', 'options', options, ['rows'], ['components']);
  const { rows, components = 2 } = options;
  const width = widthOf('principalComponents', 'features', features, rows);
  if (!Number.isInteger(components) || components < 1 || components > width) {
    throw new RangeError(
      `principalComponents: components must be an integer in 1 to ${width}, got ${components}`,
    );
  }
  const mean = meanRow(features, { rows });
  const centred = features.map((x, i) => x - (mean[i % width] ?? 0));
  const covariance = columnGram(centred, width);
  let total = 0;
  for (let i = 0; i < width; i++) total += covariance[i * width + i] ?? 0;
  const coordinates = new Float32Array(rows * components);
  const explained: number[] = [];
  for (let c = 0; c < components; c++) {
    const { value, vector } = leading(covariance, width);
    explained.push(total > 0 ? value / total : 0);
    deflate(covariance, width, value, vector);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < width; i++) {
        sum += (centred[row * width + i] as number) * (vector[i] as number);
      }
      coordinates[row * components + c] = sum;
    }
  }
  return { coordinates, explained };
}

/** The largest eigenvalue of a symmetric matrix without negative ones, and its unit vector. */
function leading(
  matrix: Float64Array,
  width: number,
): { readonly value: number; readonly vector: Float64Array } {
  // The column of the largest variance: it has a part in the leading direction.
  let from = 0;
  for (let i = 1; i < width; i++) {
    if ((matrix[i * width + i] ?? 0) > (matrix[from * width + from] ?? 0)) from = i;
  }
  let vector: Float64Array = matrix.slice(from * width, (from + 1) * width);
  let value = scaleToUnit(vector);
  for (let round = 0; round < ROUNDS && value > 0; round++) {
    const next = times(matrix, width, vector);
    value = scaleToUnit(next);
    const moved = next.reduce((sum, x, i) => sum + (x - (vector[i] ?? 0)) ** 2, 0);
    vector = next;
    if (moved < SETTLED ** 2) break;
  }
  const largest = vector.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  return { value, vector: largest < 0 ? vector.map((x) => -x) : vector };
}

/** A ← A − λvvᵀ: what is left has no part along v. */
function deflate(matrix: Float64Array, width: number, value: number, vector: Float64Array): void {
  for (let i = 0; i < width; i++) {
    const own = value * (vector[i] as number);
    for (let j = 0; j < width; j++) {
      matrix[i * width + j] = (matrix[i * width + j] as number) - own * (vector[j] as number);
    }
  }
}

function times(matrix: Float64Array, width: number, vector: Float64Array): Float64Array {
  const out = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      sum += (matrix[i * width + j] as number) * (vector[j] as number);
    }
    out[i] = sum;
  }
  return out;
}

/** Scales a vector to length 1 and gives the length it had; a zero one stays. */
function scaleToUnit(vector: Float64Array): number {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  if (length > 0) {
    vector.forEach((x, i) => {
      vector[i] = x / length;
    });
  }
  return length;
}
