import { expectOptions } from '@twocan/core';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { checkSides, type LabelledFeatures } from './features.ts';
import { columnGram, rowGram } from './gram.ts';
import { largestColumns } from './product.ts';
import { type Classification, scored } from './score.ts';
import { columnsOf, standardized } from './standardize.ts';

/** How {@link ridgeAccuracy} fits. */
export type RidgeOptions = {
  readonly train: LabelledFeatures;
  readonly test: LabelledFeatures;
  /** λ of |XW − Y|² + λ|W|²; default 1024. */
  readonly l2?: number;
  /** Number of classes; default the highest label of both sides plus 1. */
  readonly classes?: number;
};

/** The last column of every row: so large that the penalty hardly touches the offsets. */
const OFFSET = 100;

/** What holds where {@link RidgeOptions} leave it out. */
export const ridgeDefaults = { l2: 1024 } as const;

/**
 * Classifies by ridge regression on ±1 targets, in closed form.
 *
 * Columns are scaled by the train rows' mean and deviation (+ 1e-5) and joined by a constant 100;
 * W = (XᵀX + λI)⁻¹XᵀY in float64 on the host, by Cholesky's factors, through whichever Gram matrix is smaller. Nothing is
 * random and nothing iterates.
 *
 * @param options see {@link RidgeOptions}
 * @returns accuracy, accuracy per class, predictions
 * @throws RangeError if rows are empty, uneven or not finite, widths differ, a label is out of range
 *   or `l2` is not above 0
 * @example
 * const { accuracy } = await ridgeAccuracy({ train, test });
 *
 * The few-shot protocol of google-research/big_vision.
 */
export async function ridgeAccuracy(options: RidgeOptions): Promise<Classification> {
  expectOptions('ridgeAccuracy', 'options', options, ['train', 'test'], ['l2', 'classes']);
  const { train, test, l2 = ridgeDefaults.l2 } = options;
  const { width, classes } = checkSides('ridgeAccuracy', options);
  if (!(l2 > 0 && Number.isFinite(l2))) {
    throw new RangeError(`ridgeAccuracy: l2 must be a number above 0, got ${l2}`);
  }
  const { mean, deviation } = columnsOf(train.features, width);
  const spread = deviation.map((x) => x + 1e-5);
  const rows = train.labels.length;
  const weights = ridgeWeights(
    withOffset(standardized(train.features, mean, spread), width),
    { rows, targets: plusMinus(train.labels, classes), columns: classes },
    l2,
  );
  const predictions = await largestColumns(
    withOffset(standardized(test.features, mean, spread), width),
    test.labels.length,
    Float32Array.from(weights),
    classes,
  );
  return scored(predictions, test.labels, classes);
}

/**
 * W of the least |XW − Y|² + λ|W|².
 *
 * @param x `[M, P]`
 * @param right M rows of targets, `[M, columns]`
 * @param l2 λ > 0
 * @returns `[P, columns]`
 */
export function ridgeWeights(
  x: Float32Array,
  right: { readonly rows: number; readonly targets: Float64Array; readonly columns: number },
  l2: number,
): Float64Array {
  const { rows, targets, columns } = right;
  const width = x.length / rows;
  if (width <= rows) {
    const moments = transposedTimes(x, width, targets, columns);
    return solvePositive(withPenalty(columnGram(x, width), width, l2), width, moments, columns);
  }
  // (XᵀX + λI)⁻¹Xᵀ = Xᵀ(XXᵀ + λI)⁻¹: fewer rows than columns make the smaller system.
  const dual = solvePositive(withPenalty(rowGram(x, rows), rows, l2), rows, targets, columns);
  return transposedTimes(x, width, dual, columns);
}

/** X of A·X = B for a symmetric positive definite A, `[n, n]`, and B, `[n, m]`. */
function solvePositive(a: Float64Array, n: number, b: Float64Array, m: number): Float64Array {
  const factors = new CholeskyDecomposition(Matrix.from1DArray(n, n, a));
  if (!factors.isPositiveDefinite()) {
    throw new RangeError('ridgeAccuracy: l2 must be larger: features depend on each other');
  }
  return Float64Array.from(factors.solve(Matrix.from1DArray(n, m, b)).to1DArray());
}

/** A + λI, in place. */
function withPenalty(a: Float64Array, n: number, l2: number): Float64Array {
  for (let i = 0; i < n; i++) a[i * n + i] = (a[i * n + i] as number) + l2;
  return a;
}

/** Xᵀ·B of `[M, P]` and `[M, columns]`. */
function transposedTimes(
  x: Float32Array,
  width: number,
  b: Float64Array,
  columns: number,
): Float64Array {
  const out = new Float64Array(width * columns);
  x.forEach((value, i) => {
    const [row, p] = [Math.floor(i / width), i % width];
    for (let c = 0; c < columns; c++) {
      out[p * columns + c] =
        (out[p * columns + c] as number) + value * (b[row * columns + c] as number);
    }
  });
  return out;
}

function withOffset(x: Float32Array, width: number): Float32Array {
  const rows = x.length / width;
  const out = new Float32Array(rows * (width + 1)).fill(OFFSET);
  for (let row = 0; row < rows; row++) {
    out.set(x.subarray(row * width, (row + 1) * width), row * (width + 1));
  }
  return out;
}

const plusMinus = (labels: Int32Array, classes: number): Float64Array =>
  new Float64Array(labels.length * classes).map((_, i) =>
    labels[Math.floor(i / classes)] === i % classes ? 1 : -1,
  );
