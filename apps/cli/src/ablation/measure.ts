import type { CanParams } from '@twocan/can';
import { key } from '@twocan/core';
import { effectiveRank, probeAccuracy } from '@twocan/evaluate';
import { knnOf } from '../evaluation/knn.ts';
import { pixelSides, type Sides, sidesOf } from '../evaluation/sides.ts';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { encoderFeatures, type Sizes } from '../images/features.ts';
import { progressOf } from '../terminal/progress.ts';

/** What is measured of features; accuracies in [0, 1]. */
export type Measures = {
  readonly knn: number;
  readonly probe: number;
  readonly effectiveRank: number;
};

/**
 * Measures an encoder by k-NN, linear probe and effective rank, on all labelled pictures.
 *
 * @param sizes image size and normalisation
 * @param params borrowed
 * @param evaluation labelled pictures
 * @returns the measures
 */
export async function measureEncoder(
  sizes: Sizes,
  params: CanParams,
  evaluation: Evaluation,
): Promise<Measures> {
  return measure(await sidesOf(evaluation, sizes, encoderFeatures(sizes.model, params)));
}

/**
 * The same of the pixels themselves.
 *
 * @param sizes image size and normalisation
 * @param evaluation labelled pictures
 * @returns the measures; no rank, which of thousands of pixels takes minutes
 */
export async function measurePixels(
  sizes: Sizes,
  evaluation: Evaluation,
): Promise<Omit<Measures, 'effectiveRank'>> {
  return accuracies(await pixelSides(evaluation, sizes));
}

async function measure(sides: Sides): Promise<Measures> {
  const { features, labels } = sides.test;
  return {
    ...(await accuracies(sides)),
    effectiveRank: effectiveRank(features, { rows: labels.length }),
  };
}

async function accuracies(sides: Sides): Promise<{ knn: number; probe: number }> {
  const knn = await knnOf(sides);
  const progress = progressOf('training the probe, steps').count;
  const probe = await probeAccuracy({ ...sides, key: key(0), progress });
  return { knn: knn.accuracy, probe: probe.accuracy };
}
