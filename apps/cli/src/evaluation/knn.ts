import { type Classification, knnDefaults } from '@twocan/evaluate';
import { type Compared, eachOf, nearestNeighbours } from '@twocan/pretrain';
import { classesIn, type Evaluation } from '../images/evaluation-sets.ts';
import { percent } from '../terminal/percent.ts';
import { showWork } from '../terminal/work.ts';
import { type EvaluationRequest, evaluateModel } from './evaluate-model.ts';

/** Top-1 accuracies of one run, in [0, 1], all on the same pictures with the same votes. */
export type KnnComparison = Compared<number> & {
  readonly neighbours: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly classes: number;
  /** How many of the classes have test images. */
  readonly testedClasses: number;
};

/**
 * How much a comparison rests on.
 *
 * @param evaluation labelled pictures of both sides
 * @param votes how many neighbours vote
 * @returns numbers of neighbours, pictures and classes
 */
export function countsOf(
  { train, test, classes }: Evaluation,
  { k = knnDefaults.k }: { readonly k?: number } = {},
): Omit<KnnComparison, keyof Compared<number>> {
  return {
    neighbours: Math.min(k, train.length),
    trainImages: train.length,
    testImages: test.length,
    classes,
    testedClasses: classesIn(test),
  };
}

/**
 * The comparison as the last line of a run.
 *
 * @param result the accuracies
 * @param heldOut where the test pictures come from, as text
 * @param baseline what the encoder is called that the training began with
 * @returns one line
 */
export function knnLine(
  result: KnnComparison,
  heldOut: string,
  baseline = 'untrained encoder',
): string {
  const { classes, testedClasses } = result;
  const of = testedClasses === classes ? `${classes}` : `${testedClasses} of ${classes}`;
  return (
    `k-NN top-1: ${percent(result.trained)} (raw pixels ${percent(result.rawPixels)}, ` +
    `${baseline} ${percent(result.untrained)}; ${result.testImages} ${heldOut}, ` +
    `${of} classes, k ${result.neighbours} of ${result.trainImages})`
  );
}

/** A model, labelled images, and how neighbours vote. */
export type KnnRequest = EvaluationRequest & { readonly k: number; readonly temperature: number };

/** Accuracies of a model's features and of both baselines, and what they were measured on. */
export type KnnResult = KnnComparison & {
  /** The checkpoint's file. */
  readonly checkpoint: string;
  readonly step: number;
};

/**
 * Measures the k-NN accuracy of a model on a labelled folder, with two baselines, raw pixels and the untrained encoder.
 *
 * @param request model, folder and votes
 * @returns the result, and the images that it is of
 * @throws Failure (exit code 2) when the folder has no classes
 */
export async function measureKnn(
  request: KnnRequest,
): Promise<{ readonly result: KnnResult; readonly evaluation: Evaluation }> {
  const { k, temperature } = request;
  const { scores, evaluation, ...of } = await evaluateModel(request, (sides) =>
    nearestNeighbours(sides, { k, temperature }, showWork),
  );
  const accuracies = eachOf(scores, ({ accuracy }: Classification) => accuracy);
  return { result: { ...of, ...accuracies, ...countsOf(evaluation, { k }) }, evaluation };
}
