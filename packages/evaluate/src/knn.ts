import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { type LabelledFeatures, meanRow, unitRows, widthOf } from './features.ts';

/** How {@link knnAccuracy} compares and votes. */
export type KnnOptions = {
  readonly train: LabelledFeatures;
  readonly test: LabelledFeatures;
  /** Neighbours that vote; all of `train` if it has fewer. */
  readonly k?: number;
  /** A neighbour of cosine s weighs exp(s / temperature). */
  readonly temperature?: number;
  /** Subtract the mean of `train` from both sides first. */
  readonly centre?: boolean;
  /** Number of classes; the highest label of both sides plus 1 unless said. */
  readonly classes?: number;
};

/** What {@link knnAccuracy} found. */
export type KnnResult = {
  /** Share of test rows with the right class, 0 to 1. */
  readonly accuracy: number;
  /** The same within each class; NaN for a class without test rows. */
  readonly perClass: readonly number[];
  /** `[M]` of the test rows. */
  readonly predictions: Int32Array;
};

/** Similarities that are held at a time: 16 MB, whatever the sizes of both sides. */
const CHUNK = 4_000_000;

/**
 * Classifies by the weighted vote of the nearest neighbours on the unit sphere.
 *
 * score(c) = Σ over the k nearest of [label = c] · exp(cosine / temperature); ties go to the
 * earlier train row and to the lower class.
 *
 * @param options see {@link KnnOptions}; k is 20, temperature 0.07, no centring unless said
 * @returns accuracy, accuracy per class, predictions
 * @throws RangeError if rows are empty, uneven or not finite, widths differ, or an option or label is
 *   out of range
 * @example
 * const { accuracy } = await knnAccuracy({ train, test });
 *
 * Wu et al., "Unsupervised feature learning via non-parametric instance discrimination" (2018),
 * section 3.4.
 */
export async function knnAccuracy(options: KnnOptions): Promise<KnnResult> {
  const { train, test, k = 20, temperature = 0.07, centre = false } = options;
  const trainRows = train.labels.length;
  const testRows = test.labels.length;
  const width = widthOf('knnAccuracy', 'train', train.features, trainRows);
  const testWidth = widthOf('knnAccuracy', 'test', test.features, testRows);
  if (width !== testWidth) {
    throw new RangeError(
      `knnAccuracy: train and test must be equally wide, got ${width} and ${testWidth}`,
    );
  }
  if (!Number.isInteger(k) || k < 1) {
    throw new RangeError(`knnAccuracy: k must be an integer of 1 or more, got ${k}`);
  }
  if (!(temperature > 0)) {
    throw new RangeError(`knnAccuracy: temperature must be above 0, got ${temperature}`);
  }
  const classes = options.classes ?? highest(train.labels, highest(test.labels, -1)) + 1;
  for (const label of [...train.labels, ...test.labels]) {
    if (label < 0 || label >= classes) {
      throw new RangeError(`knnAccuracy: labels must lie in [0, ${classes}), got ${label}`);
    }
  }
  const middle = centre ? meanRow(train.features, width) : undefined;
  const reference = transposed(unitRows(train.features, width, middle), width);
  const queries = unitRows(test.features, width, middle);
  const predictions = new Int32Array(testRows);
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK / trainRows));
  for (let first = 0; first < testRows; first += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, testRows - first);
    const chunk = queries.subarray(first * width, (first + rows) * width);
    const similarities = await product(chunk, rows, reference, trainRows, width);
    for (let row = 0; row < rows; row++) {
      const own = similarities.subarray(row * trainRows, (row + 1) * trainRows);
      const nearest = largest(own, Math.min(k, trainRows));
      predictions[first + row] = vote(own, nearest, train.labels, classes, temperature);
    }
  }
  return { ...score(predictions, test.labels, classes), predictions };
}

/** Rows times columns on the current backend: `[rows, D] · [D, columns]`, the form that is fast. */
async function product(
  left: Float32Array,
  rows: number,
  right: Float32Array,
  columns: number,
  width: number,
): Promise<Float32Array> {
  const result = tidy(() =>
    matMul(tensor2d(left, [rows, width]), tensor2d(right, [width, columns])),
  );
  const values = await result.data<'float32'>();
  result.dispose();
  return values;
}

function transposed(matrix: Float32Array, width: number): Float32Array {
  const rows = matrix.length / width;
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      out[column * rows + row] = matrix[row * width + column] ?? 0;
    }
  }
  return out;
}

/** Indices of the k largest values, the largest first, by insertion into a short sorted list. */
function largest(values: Float32Array, k: number): Int32Array {
  const found = new Int32Array(k);
  let count = 0;
  let floor = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (count === k && value <= floor) continue;
    let at = count < k ? count++ : k - 1;
    while (at > 0 && (values[found[at - 1] as number] as number) < value) {
      found[at] = found[at - 1] as number;
      at--;
    }
    found[at] = i;
    floor = values[found[count - 1] as number] as number;
  }
  return found;
}

function vote(
  similarities: Float32Array,
  nearest: Int32Array,
  labels: Int32Array,
  classes: number,
  temperature: number,
): number {
  const scores = new Float64Array(classes);
  const top = similarities[nearest[0] ?? 0] ?? 0;
  for (const neighbour of nearest) {
    // Relative to the best one: the same winner, and no overflow at low temperatures.
    const weight = Math.exp(((similarities[neighbour] ?? 0) - top) / temperature);
    const label = labels[neighbour] ?? 0;
    scores[label] = (scores[label] ?? 0) + weight;
  }
  return scores.indexOf(Math.max(...scores));
}

function score(
  predictions: Int32Array,
  labels: Int32Array,
  classes: number,
): { accuracy: number; perClass: number[] } {
  const right = new Float64Array(classes);
  const total = new Float64Array(classes);
  labels.forEach((label, i) => {
    total[label] = (total[label] ?? 0) + 1;
    if (predictions[i] === label) right[label] = (right[label] ?? 0) + 1;
  });
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  return {
    accuracy: sum(right) / sum(total),
    perClass: Array.from(right, (count, label) => count / (total[label] ?? 0)),
  };
}

const highest = (labels: Int32Array, least: number): number =>
  labels.reduce((a, b) => Math.max(a, b), least);
