import { expectInteger, expectOptions, expectType } from '@twocan/core';
import { checkClasses } from './score.ts';

/** Feature vectors with their classes: row i of `features` belongs to `labels[i]`. */
export type LabelledFeatures = {
  /** `[M, D]`, row by row. */
  readonly features: Float32Array;
  /** `[M]`, 0 or more. */
  readonly labels: Int32Array;
};

/**
 * The width D of M rows, which must be whole.
 *
 * @param caller the calling function, named in the error
 * @param argument the argument's name
 * @param features `[M, D]`
 * @param rows M
 * @returns D
 * @throws RangeError if there are no rows, or the features do not divide into them
 */
export function wholeRows(
  caller: string,
  argument: string,
  features: Float32Array,
  rows: number,
): number {
  expectType(caller, argument, features, Float32Array);
  const width = features.length / rows;
  if (Number.isInteger(rows) && rows > 0 && width > 0 && Number.isInteger(width)) return width;
  throw new RangeError(
    `${caller}: ${argument} must have whole rows, got ${features.length} values for ${rows} rows`,
  );
}

/**
 * The width D of M rows, checked.
 *
 * @param caller the calling function, named in the error
 * @param argument the argument's name
 * @param features `[M, D]`
 * @param rows M
 * @returns D
 * @throws RangeError if there are no rows, the features do not divide into them, or one is not finite
 */
export function widthOf(
  caller: string,
  argument: string,
  features: Float32Array,
  rows: number,
): number {
  expectInteger(caller, 'rows', rows, 0);
  const width = wholeRows(caller, argument, features, rows);
  const bad = features.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new RangeError(
      `${caller}: ${argument} must be finite, got ${features[bad]} in row ${Math.floor(bad / width)}`,
    );
  }
  return width;
}

/**
 * Both sides of a classification, checked.
 *
 * @param caller the calling function, named in the error
 * @param sides features and labels; `classes` is the highest label plus 1 unless given
 * @returns D and the number of classes
 * @throws RangeError if rows are empty, uneven or not finite, widths differ, or a label is out of range
 */
export function checkSides(
  caller: string,
  sides: {
    readonly train: LabelledFeatures;
    readonly test: LabelledFeatures;
    readonly classes?: number | undefined;
  },
): { readonly width: number; readonly classes: number } {
  const { train, test } = sides;
  for (const [name, side] of Object.entries({ train, test })) {
    expectOptions(caller, name, side, ['features', 'labels']);
    expectType(caller, `${name}.labels`, side.labels, Int32Array);
  }
  const width = widthOf(caller, 'train', train.features, train.labels.length);
  const testWidth = widthOf(caller, 'test', test.features, test.labels.length);
  if (width !== testWidth) {
    throw new RangeError(
      `${caller}: train and test must be equally wide, got ${width} and ${testWidth}`,
    );
  }
  const highest = (labels: Int32Array): number => labels.reduce((a, b) => Math.max(a, b), -1);
  const most = Math.max(highest(train.labels), highest(test.labels)) + 1;
  const classes = sides.classes === undefined ? most : sides.classes;
  expectInteger(caller, 'classes', classes, 1, 2 ** 24);
  checkClasses(caller, train.labels, classes);
  checkClasses(caller, test.labels, classes);
  return { width, classes };
}

/** Rows as columns: `[M, D]` to `[D, M]`. */
export function transposed(matrix: Float32Array, width: number): Float32Array {
  const rows = matrix.length / width;
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      out[column * rows + row] = matrix[row * width + column] ?? 0;
    }
  }
  return out;
}

/** Some rows, in the given order: `[rows, D]`. */
export function chosenRows(
  features: Float32Array,
  width: number,
  rows: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * width;
    out.set(features.subarray(from, from + width), i * width);
  }
  return out;
}
