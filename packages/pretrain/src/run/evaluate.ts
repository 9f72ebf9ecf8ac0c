import type { CanParams } from '@twocan/can';
import { expectOptions, expectType } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import { effectiveRank, rankMe, spectrumDecay } from '@twocan/evaluate';
import type { Compared } from '../features/comparison.ts';
import { expectPixelConfig, type FeatureConfig } from '../features/config.ts';
import { encoderFeatures, extractRows } from '../features/extract.ts';
import {
  expectSets,
  featureSides,
  type LabelledSets,
  nearestNeighbours,
} from '../features/sides.ts';
import { type Progress, silent } from '../progress.ts';

/** What can be measured of features without training anything on top of them. */
export type Scores = {
  /** Between 1 and the encoder's width. */
  readonly effectiveRank: number;
  /** The same of the features as they are: RankMe. Absent in evaluations of older versions, as is `alpha`. */
  readonly rankMe?: number;
  /** How fast the variances of the features fall from one direction to the next; absent for fewer than 5 directions. */
  readonly alpha?: number;
  /** Top-1 accuracy of nearest neighbours in [0, 1]; absent where classes are not known. */
  readonly knn?: number;
  /** The same of the pixels themselves; with the scores of step 0. */
  readonly rawPixels?: number;
};

/** The scores after a step; those of step 0 are of the untrained encoder. */
export type Evaluation = { readonly step: number; readonly scores: Scores };

/** Images to evaluate on: labelled ones where there are some, else any. */
export type EvaluationImages = { readonly sets?: LabelledSets; readonly images: Dataset };

/**
 * Evaluates an encoder on images that stay the same through a run.
 *
 * @param config image size and normalisation of the run
 * @param params borrowed
 * @param on.sets labelled images for k-NN
 * @param on.images images for the effective rank, where there are no labelled ones
 * @param progress called with what is done
 * @returns the scores, and the features of `sets.test` or `images`, row by row
 * @throws Error with code `NON_FINITE` for features that are not finite
 * @example
 * const { scores } = await evaluateEncoder(config, params, { images: dataset });
 */
export async function evaluateEncoder(
  config: FeatureConfig,
  params: CanParams,
  on: EvaluationImages,
  progress: Progress = silent,
): Promise<{ readonly scores: Scores; readonly features: Float32Array }> {
  expectPixelConfig('evaluateEncoder', config);
  expectOptions('evaluateEncoder', 'on', on, ['images'], ['sets']);
  const { sets, images } = on;
  if (sets !== undefined) expectSets('evaluateEncoder', sets);
  const extract = encoderFeatures(config.model, params);
  if (sets === undefined) {
    const { features } = await extractRows(images, config, extract, progress);
    return { scores: spectrumScores(features, images.length), features };
  }
  const sides = await featureSides(sets, config, extract, progress);
  const { features, labels } = sides.test;
  const { accuracy: knn } = await nearestNeighbours(sides, {}, progress);
  return { scores: { ...spectrumScores(features, labels.length), knn }, features };
}

/** What the directions of features say. */
function spectrumScores(features: Float32Array, rows: number): Scores {
  const alpha = spectrumDecay(features, { rows });
  return {
    effectiveRank: effectiveRank(features, { rows }),
    rankMe: rankMe(features, { rows }),
    ...(alpha !== undefined && { alpha }),
  };
}

/** Checks that an argument is evaluations of a run. */
export function expectEvaluations(caller: string, evaluations: readonly Evaluation[]): void {
  expectType(caller, 'evaluations', evaluations, Array);
  for (const one of evaluations) expectOptions(caller, 'evaluations', one, ['step', 'scores']);
}

/**
 * What the evaluations of a run compare: the last one with that of step 0, which has the pixels' too.
 *
 * @param evaluations of a run, in order
 * @returns k-NN accuracies in [0, 1]; nothing while there is none of the start and a later one, or where
 *   one of them has no accuracy
 * @example
 * const knn = compareKnn([
 *   { step: 0, scores: { knn: 0.2, rawPixels: 0.3, effectiveRank: 5 } },
 *   { step: 100, scores: { knn: 0.6, effectiveRank: 9 } },
 * ]); // { trained: 0.6, rawPixels: 0.3, untrained: 0.2 }
 */
export function compareKnn(evaluations: readonly Evaluation[]): Compared<number> | undefined {
  expectEvaluations('compareKnn', evaluations);
  const [start, end] = [evaluations.find(({ step }) => step === 0), evaluations.at(-1)];
  if (start === end) return undefined;
  const [trained, rawPixels] = [end?.scores.knn, start?.scores.rawPixels];
  const untrained = start?.scores.knn;
  if (trained === undefined || rawPixels === undefined || untrained === undefined) return undefined;
  return { trained, rawPixels, untrained };
}
