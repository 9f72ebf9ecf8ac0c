import type { CanParams } from '@twocan/can';
import type { Dataset } from '@twocan/data';
import { knnAccuracy, type LabelledFeatures } from '@twocan/evaluate';
import type { Evaluation } from './datasets.ts';
import { type Extract, encoderFeatures, extractRows, rawPixels, type Sizes } from './features.ts';

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

/**
 * The k-NN accuracy of one kind of features.
 *
 * @param evaluation labelled pictures of both sides
 * @param sizes image size and normalisation
 * @param extract what turns pixels into features
 * @param votes how neighbours vote
 * @returns top-1 in [0, 1]
 */
export async function knnOf(
  { train, test, classes }: Evaluation,
  sizes: Sizes,
  extract: Extract,
  { k = NEIGHBOURS, ...votes }: Votes = {},
): Promise<number> {
  const sides = {
    train: await labelled(train, sizes, extract),
    test: await labelled(test, sizes, extract),
  };
  const options = { k: Math.min(k, train.length), centre: true, classes, ...votes };
  return (await knnAccuracy({ ...sides, ...options })).accuracy;
}

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
  const accuracy = (extract: Extract): Promise<number> => knnOf(evaluation, sizes, extract, votes);
  const { train, test, classes } = evaluation;
  return {
    trained: await accuracy(encoderFeatures(sizes.model, encoders.trained)),
    rawPixels: await accuracy(rawPixels),
    untrained: await accuracy(encoderFeatures(sizes.model, encoders.untrained)),
    neighbours: Math.min(votes.k ?? NEIGHBOURS, train.length),
    trainImages: train.length,
    testImages: test.length,
    classes,
  };
}

async function labelled(
  dataset: Dataset,
  sizes: Sizes,
  extract: Extract,
): Promise<LabelledFeatures> {
  const { features } = await extractRows(dataset, sizes, extract);
  return { features, labels: dataset.labels ?? new Int32Array(dataset.length) };
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
