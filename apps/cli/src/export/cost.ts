import type { CanParams } from '@twocan/can';
import { namedToTree } from '@twocan/checkpoint';
import { disposeTree, key } from '@twocan/core';
import { atMost, type Dataset } from '@twocan/data';
import { probeAccuracy, probeRecipes, unitRows } from '@twocan/evaluate';
import {
  encoderFeatures,
  extractRows,
  featureSides,
  type LabelledSides,
  nearestNeighbours,
  type Rows,
} from '@twocan/pretrain';
import type { OpenedData } from '../images/datasets.ts';
import type { RunConfig } from '../run/config.ts';
import { progressOf } from '../terminal/progress.ts';
import { showWork } from '../terminal/work.ts';
import type { Dtype, Target } from './targets.ts';
import { type ExportedModel, roundedFor } from './weights.ts';

/** Top-1 accuracies in [0, 1] of the exported weights in float32, and what they were measured on. */
export type Measured = {
  readonly knn: number;
  readonly probe: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly classes: number;
};

/** What smaller numbers do to the features. */
export type Cost = {
  readonly dtype: Dtype;
  /** Images that the cosines are of. */
  readonly images: number;
  /** Cosine of an image's features to those in float32: on average, and the least. */
  readonly cosine: number;
  readonly leastCosine: number;
  /** k-NN accuracies in [0, 1]; absent where classes are not known. */
  readonly knn?: { readonly fp32: number; readonly rounded: number };
};

/** Images whose cosines are taken where there are no classes. */
const LOOKED_AT = 100;

/**
 * Measures the exported weights, and what their smaller form costs.
 *
 * @param run the config
 * @param exported the weights
 * @param data images, with classes or without
 * @param of target and dtype, and whether a linear probe is trained as well
 * @returns accuracies where classes are known, and the cost where the dtype is not fp32
 */
export async function measureExport(
  run: RunConfig,
  exported: ExportedModel,
  data: OpenedData,
  of: { readonly target: Target; readonly dtype: Dtype; readonly probe: boolean },
): Promise<{ readonly measured?: Measured; readonly cost?: Cost }> {
  const { target, dtype, probe } = of;
  const { evaluation } = data;
  if (evaluation === undefined) {
    if (dtype === 'fp32') return {};
    const some = atMost(data.dataset, LOOKED_AT);
    const rowsOf = (given: Dtype) =>
      withWeights(exported, target, given, (params) => features(run, params, some));
    return { cost: cosines(dtype, await rowsOf('fp32'), await rowsOf(dtype)) };
  }
  const sidesOf = (given: Dtype) =>
    withWeights(exported, target, given, (params) =>
      featureSides(evaluation, run, encoderFeatures(run.model, params), showWork),
    );
  const sides = await sidesOf('fp32');
  const { accuracy: knn } = await nearestNeighbours(sides, {}, showWork);
  const { train, test, classes } = evaluation;
  const counts = { trainImages: train.length, testImages: test.length, classes };
  const measured = probe && { knn, probe: await probed(sides), ...counts };
  if (dtype === 'fp32') return measured ? { measured } : {};
  const rounded = await sidesOf(dtype);
  const cost = cosines(dtype, rowsOf(sides), rowsOf(rounded));
  const { accuracy } = await nearestNeighbours(rounded, {}, showWork);
  return {
    ...(measured && { measured }),
    cost: { ...cost, knn: { fp32: knn, rounded: accuracy } },
  };
}

async function withWeights<R>(
  { arrays }: ExportedModel,
  target: Target,
  dtype: Dtype,
  work: (params: CanParams) => Promise<R>,
): Promise<R> {
  const params = namedToTree(roundedFor(arrays, target, dtype));
  try {
    return await work(params as unknown as CanParams);
  } finally {
    disposeTree(params);
  }
}

const features = (run: RunConfig, params: CanParams, images: Dataset): Promise<Rows> =>
  extractRows(images, run, encoderFeatures(run.model, params), showWork);

const rowsOf = ({ test: { features, labels } }: LabelledSides): Rows => ({
  features,
  width: features.length / labels.length,
});

async function probed(sides: LabelledSides): Promise<number> {
  const progress = progressOf('training the probe, steps').count;
  const { accuracy } = await probeAccuracy({
    ...sides,
    key: key(0),
    recipe: probeRecipes.adamw,
    progress,
  });
  return accuracy;
}

/** Cosines of rows of the same images. */
function cosines(dtype: Dtype, exact: Rows, rounded: Rows): Cost {
  const { width } = exact;
  const images = exact.features.length / width;
  const [a, b] = [exact, rounded].map(({ features: rows }) => unitRows(rows, { rows: images })) as [
    Float32Array,
    Float32Array,
  ];
  const each = Array.from({ length: images }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
    return sum;
  });
  const cosine = each.reduce((sum, x) => sum + x, 0) / images;
  const leastCosine = each.reduce((least, x) => Math.min(least, x), 1);
  return { dtype, images, cosine, leastCosine };
}
