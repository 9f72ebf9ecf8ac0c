import { expectInteger, expectNumber, expectOptions, expectType } from '@twocan/core';
import { checkSides, type LabelledFeatures, transposed } from './features.ts';
import { largest } from './nearest-rows.ts';
import { productInPieces } from './product.ts';
import { type Classification, scored } from './score.ts';
import { meanRow, unitRows } from './unit-rows.ts';

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
  /** Number of classes; default the highest label of both sides plus 1. */
  readonly classes?: number;
  /** Called with how much is done: large data take minutes. */
  readonly progress?: (done: number, total: number) => void;
};

/** What holds where {@link KnnOptions} leave it out. */
export const knnDefaults = { k: 20, temperature: 0.07 } as const;

/**
 * Classifies by the weighted vote of the nearest neighbours on the unit sphere.
 *
 * score(c) = Σ over the k nearest of [label = c] · exp(cosine / temperature); ties go to the
 * earlier train row and to the lower class.
 *
 * @param options see {@link KnnOptions}; defaults: k 20, temperature 0.07, no centring
 * @returns accuracy, accuracy per class, predictions
 * @throws RangeError if rows are empty, uneven or not finite, widths differ, or an option or label is
 *   out of range
 * @example
 * const { accuracy } = await knnAccuracy({ train, test });
 *
 * Wu et al., "Unsupervised feature learning via non-parametric instance discrimination" (2018),
 * section 3.4.
 */
export async function knnAccuracy(options: KnnOptions): Promise<Classification> {
  expectOptions(
    'knnAccuracy',
    'options',
    options,
    ['train', 'test'],
    ['k', 'temperature', 'centre', 'classes', 'progress'],
  );
  const {
    train,
    test,
    k = knnDefaults.k,
    temperature = knnDefaults.temperature,
    centre = false,
  } = options;
  expectType('knnAccuracy', 'centre', centre, 'boolean');
  const { width, classes } = checkSides('knnAccuracy', options);
  const trainRows = train.labels.length;
  const testRows = test.labels.length;
  expectInteger('knnAccuracy', 'k', k, 1, Number.MAX_VALUE);
  expectNumber('knnAccuracy', 'temperature', temperature, 'be above 0', (x) => x > 0);
  const middle = centre ? meanRow(train.features, { rows: trainRows }) : undefined;
  const reference = transposed(
    unitRows(train.features, { rows: trainRows, centre: middle }),
    width,
  );
  const queries = unitRows(test.features, { rows: testRows, centre: middle });
  const predictions = new Int32Array(testRows);
  await productInPieces(queries, testRows, reference, trainRows, (first, count, cosines) => {
    for (let row = 0; row < count; row++) {
      const own = cosines.subarray(row * trainRows, (row + 1) * trainRows);
      const nearest = largest(own, Math.min(k, trainRows));
      predictions[first + row] = vote(own, nearest, train.labels, temperature);
    }
    options.progress?.(first + count, testRows);
  });
  return scored(predictions, test.labels, classes);
}

function vote(
  similarities: Float32Array,
  nearest: Int32Array,
  labels: Int32Array,
  temperature: number,
): number {
  // Of the neighbours' own classes alone: there may be thousands of others.
  const scores = new Map<number, number>();
  const top = similarities[nearest[0] ?? 0] ?? 0;
  for (const neighbour of nearest) {
    // Relative to the best one: the same winner, and no overflow at low temperatures.
    const weight = Math.exp(((similarities[neighbour] ?? 0) - top) / temperature);
    const label = labels[neighbour] ?? 0;
    scores.set(label, (scores.get(label) ?? 0) + weight);
  }
  let [best, most] = [0, Number.NEGATIVE_INFINITY];
  for (const [label, score] of scores) {
    if (score > most || (score === most && label < best)) [best, most] = [label, score];
  }
  return best;
}
