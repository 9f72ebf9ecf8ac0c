import type { CanParams } from '@twocan/can';
import { key } from '@twocan/core';
import { effectiveRank, probeAccuracy } from '@twocan/evaluate';
import {
  encoderFeatures,
  type FeatureConfig,
  featureSides,
  type LabelledSides,
  nearestNeighbours,
  pixelSides,
} from '@twocan/pretrain';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { progressOf } from '../terminal/progress.ts';
import { showWork } from '../terminal/work.ts';

/** What is measured of features; accuracies in [0, 1]. */
export type Measures = {
  readonly knn: number;
  readonly probe: number;
  readonly effectiveRank: number;
};

/**
 * Measures an encoder by k-NN, linear probe and effective rank, on all labelled pictures.
 *
 * @param config image size and normalisation
 * @param params borrowed
 * @param evaluation labelled pictures
 * @returns the measures
 */
export async function measureEncoder(
  config: FeatureConfig,
  params: CanParams,
  evaluation: Evaluation,
): Promise<Measures> {
  return measure(
    await featureSides(evaluation, config, encoderFeatures(config.model, params), showWork),
  );
}

/**
 * The same of the pixels themselves.
 *
 * @param config image size and normalisation
 * @param evaluation labelled pictures
 * @returns the measures; no rank, which of thousands of pixels takes minutes
 */
export async function measurePixels(
  config: FeatureConfig,
  evaluation: Evaluation,
): Promise<Omit<Measures, 'effectiveRank'>> {
  return accuracies(await pixelSides(evaluation, config, showWork));
}

async function measure(sides: LabelledSides): Promise<Measures> {
  const { features, labels } = sides.test;
  return {
    ...(await accuracies(sides)),
    effectiveRank: effectiveRank(features, { rows: labels.length }),
  };
}

async function accuracies(sides: LabelledSides): Promise<{ knn: number; probe: number }> {
  const knn = await nearestNeighbours(sides, {}, showWork);
  const progress = progressOf('training the probe, steps').count;
  const probe = await probeAccuracy({ ...sides, key: key(0), progress });
  return { knn: knn.accuracy, probe: probe.accuracy };
}
