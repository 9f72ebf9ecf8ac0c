import { expectNumber, expectOptions, expectType } from '@twocan/core';
import { widthOf } from './features.ts';

/** How {@link unitRows} reads rows, and what it takes off them. */
export type UnitRowsOptions = {
  /** Number of rows. */
  readonly rows: number;
  /** Subtracted from every row, `[D]`; nothing unless given. */
  readonly centre?: Float64Array | undefined;
  /** A row that differs from `centre` by no more than this share of its length becomes zero. */
  readonly equal?: number;
};

/**
 * The mean row, summed in float64.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @returns `[D]`
 * @throws RangeError if rows are empty, uneven or not finite
 * @example
 * meanRow(new Float32Array([1, 2, 3, 6]), { rows: 2 }); // [2, 4]
 */
export function meanRow(features: Float32Array, options: { readonly rows: number }): Float64Array {
  expectOptions('meanRow', 'options', options, ['rows']);
  const width = widthOf('meanRow', 'features', features, options.rows);
  const mean = new Float64Array(width);
  for (let i = 0; i < features.length; i++) {
    mean[i % width] = (mean[i % width] as number) + (features[i] as number);
  }
  return mean.map((sum) => sum / options.rows);
}

/**
 * Rows minus a centre, scaled to length 1: products of two are cosines.
 *
 * Lengths are summed in float64. A row that equals the centre up to rounding becomes zero, or its
 * rounding error would pass for a direction.
 *
 * @param features `[M, D]`, row by row
 * @param options see {@link UnitRowsOptions}; `equal` is 1e-7 unless given, float32's rounding
 * @returns `[M, D]`
 * @throws RangeError if rows are empty, uneven or not finite, or `centre` is not as wide as they are
 * @example
 * unitRows(new Float32Array([3, 4]), { rows: 1 }); // [0.6, 0.8]
 */
export function unitRows(features: Float32Array, options: UnitRowsOptions): Float32Array {
  expectOptions('unitRows', 'options', options, ['rows'], ['centre', 'equal']);
  const { rows, centre, equal = 1e-7 } = options;
  const width = widthOf('unitRows', 'features', features, rows);
  expectNumber('unitRows', 'equal', equal, 'be 0 or more', (x) => x >= 0);
  if (centre !== undefined) {
    expectType('unitRows', 'centre', centre, Float64Array);
    if (centre.length !== width) {
      throw new RangeError(`unitRows: centre must have ${width} numbers, got ${centre.length}`);
    }
  }
  const out = new Float32Array(features.length);
  for (let start = 0; start < features.length; start += width) {
    let squares = 0;
    let before = 0;
    for (let i = 0; i < width; i++) {
      const own = features[start + i] as number;
      const x = own - (centre?.[i] ?? 0);
      before += own * own;
      out[start + i] = x;
      squares += x * x;
    }
    const scale = squares > equal ** 2 * before ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < width; i++) out[start + i] = (out[start + i] as number) * scale;
  }
  return out;
}
