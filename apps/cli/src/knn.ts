import { type Tensor2D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type CanConfig, type CanParams, encode } from '@twocan/can';
import { type Dataset, plainViews } from '@twocan/data';
import { knnAccuracy, type LabelledFeatures } from '@twocan/evaluate';
import type { RunConfig } from './config.ts';
import type { Evaluation } from './datasets.ts';

const AT_ONCE = 100; // pictures in memory at a time
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

type Extract = (pixels: Float32Array, count: number) => Promise<Float32Array>;

/**
 * Compares trained features with raw pixels and with the encoder the run started from.
 *
 * @param config the run
 * @param encoders the trained and the untrained parameters; borrowed
 * @param evaluation labelled pictures of both sides
 * @returns the accuracies
 */
export async function compareByKnn(
  config: Pick<RunConfig, 'model' | 'normalization'>,
  encoders: { readonly trained: CanParams; readonly untrained: CanParams },
  evaluation: Evaluation,
): Promise<KnnComparison> {
  const { train, test, classes } = evaluation;
  const neighbours = Math.min(NEIGHBOURS, train.length);
  const accuracyOf = async (extract: Extract): Promise<number> => {
    const sides = {
      train: await featuresOf(train, config, extract),
      test: await featuresOf(test, config, extract),
    };
    return (await knnAccuracy({ ...sides, k: neighbours, centre: true, classes })).accuracy;
  };
  return {
    trained: await accuracyOf(encoder(config.model, encoders.trained)),
    rawPixels: await accuracyOf(async (pixels) => pixels),
    untrained: await accuracyOf(encoder(config.model, encoders.untrained)),
    neighbours,
    trainImages: train.length,
    testImages: test.length,
    classes,
  };
}

function encoder(model: CanConfig, params: CanParams): Extract {
  const { image, channels } = model.encoder;
  return async (pixels, count) => {
    const features = tidy((): Tensor2D => {
      const images = tensor4d(pixels, [count, image.height, image.width, channels]);
      return encode(model)(params, images);
    });
    const values = await features.data<'float32'>();
    features.dispose();
    return values;
  };
}

async function featuresOf(
  dataset: Dataset,
  { model, normalization }: Pick<RunConfig, 'model' | 'normalization'>,
  extract: Extract,
): Promise<LabelledFeatures> {
  const parts: Float32Array[] = [];
  for (let first = 0; first < dataset.length; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, dataset.length - first);
    const indices = Array.from({ length: count }, (_, i) => first + i);
    const size = model.encoder.image.width;
    parts.push(
      await extract(await plainViews(dataset, indices, { size, ...normalization }), count),
    );
  }
  const features = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    features.set(part, at);
    at += part.length;
  }
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
