import type { CanParams } from '@twocan/can';
import type { Dataset } from '@twocan/data';
import { knnAccuracy } from '@twocan/evaluate';
import type { Evaluation } from './evaluation-sets.ts';
import {
  type Extract,
  encoderFeatures,
  extractRows,
  type Rows,
  rawPixels,
  type Sizes,
} from './features.ts';

const NEIGHBOURS = 20;

/** Top-1 accuracies of one run, in [0, 1], all on the same pictures with the same votes. */
export type KnnComparison = {
  readonly trained: number;
  readonly rawPixels: number;
  readonly untrained: number;
  readonly neighbours: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly classes: number;
};

/** How neighbours vote. */
export type Votes = { readonly k?: number; readonly temperature?: number };

/** Rows of features of both sides. */
type Sides = { readonly train: Rows; readonly test: Rows };

/**
 * The k-NN accuracy of features.
 *
 * @param evaluation labelled pictures of both sides
 * @param sides their features
 * @param votes how neighbours vote
 * @returns top-1 in [0, 1]
 */
export async function accuracyOf(
  { train, test, classes }: Evaluation,
  sides: Sides,
  { k = NEIGHBOURS, ...votes }: Votes = {},
): Promise<number> {
  const { accuracy } = await knnAccuracy({
    train: { features: sides.train.features, labels: labelsOf(train) },
    test: { features: sides.test.features, labels: labelsOf(test) },
    k: Math.min(k, train.length),
    centre: true,
    classes,
    ...votes,
  });
  return accuracy;
}

const labelsOf = ({ labels, length }: Dataset): Int32Array => labels ?? new Int32Array(length);

/**
 * Compares trained features with raw pixels and with the encoder the run started from.
 *
 * @param sizes image size and normalisation
 * @param encoders the trained and the untrained parameters; borrowed
 * @param evaluation labelled pictures of both sides
 * @param votes how neighbours vote
 * @returns the accuracies
 */
export async function compareByKnn(
  sizes: Sizes,
  encoders: { readonly trained: CanParams; readonly untrained: CanParams },
  evaluation: Evaluation,
  votes: Votes = {},
): Promise<KnnComparison> {
  const accuracy = async (extract: Extract): Promise<number> => {
    const train = await extractRows(evaluation.train, sizes, extract);
    const test = await extractRows(evaluation.test, sizes, extract);
    return accuracyOf(evaluation, { train, test }, votes);
  };
  return {
    trained: await accuracy(encoderFeatures(sizes.model, encoders.trained)),
    rawPixels: await accuracy(rawPixels),
    untrained: await accuracy(encoderFeatures(sizes.model, encoders.untrained)),
    ...countsOf(evaluation, votes),
  };
}

/**
 * How much a comparison rests on.
 *
 * @param evaluation labelled pictures of both sides
 * @param votes how neighbours vote
 * @returns numbers of neighbours, pictures and classes
 */
export function countsOf(
  { train, test, classes }: Evaluation,
  { k = NEIGHBOURS }: Votes = {},
): Omit<KnnComparison, 'trained' | 'rawPixels' | 'untrained'> {
  return {
    neighbours: Math.min(k, train.length),
    trainImages: train.length,
    testImages: test.length,
    classes,
  };
}

/**
 * The comparison as the last line of a run.
 *
 * @param result the accuracies
 * @param heldOut where the test pictures come from, in words
 * @returns one line
 */
export function knnLine(result: KnnComparison, heldOut: string): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  return (
    `k-NN top-1: ${percent(result.trained)} (raw pixels ${percent(result.rawPixels)}, ` +
    `untrained encoder ${percent(result.untrained)}; ${result.testImages} ${heldOut}, ` +
    `${result.classes} classes, k ${result.neighbours})`
  );
}
