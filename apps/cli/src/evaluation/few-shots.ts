import { key } from '@twocan/core';
import { type FewShotResult, fewShotAccuracy, fewShotDefaults } from '@twocan/evaluate';
import type { Compared, LabelledSides } from '@twocan/pretrain';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { usageError } from '../terminal/failure.ts';
import { percent } from '../terminal/percent.ts';
import { progressOf } from '../terminal/progress.ts';
import { type EvaluationRequest, evaluateModel } from './evaluate-model.ts';

/** Options of `twocan fewshot`. */
export type FewShotRequest = EvaluationRequest & {
  /** Images of each class; default the usual ones that the folder has enough images for. */
  readonly shots?: readonly number[];
  readonly draws: number;
  readonly l2: number;
  readonly seed: number;
};

/** Accuracies from a few images of each class, and what they are of. */
export type FewShotScores = Compared<readonly FewShotResult[]> & {
  /** The checkpoint's file. */
  readonly checkpoint: string;
  readonly step: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly classes: number;
  readonly draws: number;
  readonly l2: number;
};

/**
 * Measures the accuracy of ridge regression on a few images of each class, with raw pixels and the
 * untrained encoder.
 *
 * @param request model, folder, shots and draws
 * @returns a result for each number of shots, and the images that they are of
 * @throws Failure (exit code 2) when a class has fewer images than `shots`
 */
export async function measureFewShots(
  request: FewShotRequest,
): Promise<{ readonly result: FewShotScores; readonly evaluation: Evaluation }> {
  const { draws, l2, seed } = request;
  const { scores, evaluation, ...of } = await evaluateModel(request, (sides) =>
    fewShotAccuracy({
      ...sides,
      key: key(seed),
      draws,
      l2,
      shots: shotsFor(sides, request),
      progress: progressOf('fitting, draws').count,
    }),
  );
  const { train, test, classes } = evaluation;
  const counts = { trainImages: train.length, testImages: test.length, classes, draws, l2 };
  return { result: { ...of, ...scores, ...counts }, evaluation };
}

/**
 * The comparison as a table of text.
 *
 * @param scores one result for each number of shots
 * @param evaluation the labelled pictures of both sides
 * @param draws draws of images for each number of shots
 * @returns lines: what it is, the heads, then a line for each number of shots
 */
export function fewShotLines(
  { trained, rawPixels, untrained }: Compared<readonly FewShotResult[]>,
  { train, test, heldOut, classes }: Evaluation,
  draws: number,
): string[] {
  return [
    `few-shot top-1 by ridge regression, mean ± deviation of ${draws} draws; ${test.length} ${heldOut}, ${classes} classes, drawn from ${train.length}`,
    row('images a class', ['trained', 'raw pixels', 'untrained']),
    ...trained.map((result, i) =>
      row(String(result.shots), [result, rawPixels[i], untrained[i]].map(inWords)),
    ),
  ];
}

/** The shots of the options, or the usual ones that the smallest class has images for. */
function shotsFor({ train, classes }: LabelledSides, { shots }: FewShotRequest): readonly number[] {
  const images = new Array<number>(classes).fill(0);
  for (const label of train.labels) images[label] = (images[label] ?? 0) + 1;
  const least = images.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (shots !== undefined && Math.max(...shots) > least) {
    throw usageError(
      `--shots ${Math.max(...shots)}: the smallest class has ${least} images to learn from`,
    );
  }
  return shots ?? fewShotDefaults.shots.filter((count) => count <= least);
}

const inWords = (result: FewShotResult | undefined): string =>
  result === undefined ? '–' : `${percent(result.mean)} ± ${(100 * result.deviation).toFixed(1)}`;

const row = (first: string, cells: readonly string[]): string =>
  [first.padStart(14), ...cells.map((cell) => cell.padStart(14))].join('  ');
