import { dispose, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { canForwardWith, drawCorruption, encode, noiseChoices, pictureErrors } from '@twocan/can';
import { alignment, uniformity } from '@twocan/contrastive';
import { disposeTree, fold, type Key, key } from '@twocan/core';
import { atMost, type Dataset, makeBatches, plainViews } from '@twocan/data';
import { effectiveRank } from '@twocan/evaluate';
import { sampleNoise } from '@twocan/noise';
import type { Machine } from '../args/machine.ts';
import { writeAttention } from '../draw/attention-sheet.ts';
import { checkOutput } from '../files/outputs.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { type ModelConfig, type OpenedWeights, startWithWeights } from '../run/open-weights.ts';
import { usageError } from '../terminal/failure.ts';
import { progressOf } from '../terminal/progress.ts';

/** Options of `twocan explain`. */
export type ExplainRequest = Machine & {
  readonly model: string;
  readonly data: string;
  readonly attention?: string;
  readonly seed: number;
};

const IMAGES = 256; // enough for steady means, few enough for seconds
const LEVELS = [0.25, 0.5, 0.75, 1]; // of the largest level
const PARTS = 2 + LEVELS.length; // the features, the decoder as it was trained and at each level

type Model = Pick<OpenedWeights, 'config' | 'params'>;

/** What was found, and the model and images that it is of. */
export type Explanation = Features &
  Decoded & {
    /** The checkpoint's file. */
    readonly checkpoint: string;
    readonly step: number;
    readonly images: number;
  };

/**
 * Measures what features and decoder of a model are like on a folder of images, without labels.
 *
 * @param request model, images and where the attention maps go
 * @returns what was found, and the config of the model
 * @throws Failure (exit code 2) for a folder of less than two images
 */
export async function explain(
  request: ExplainRequest,
): Promise<{ readonly result: Explanation; readonly config: ModelConfig }> {
  checkOutput(request, { flag: 'attention', endings: ['.png'] });
  const { config, params, step, path } = await startWithWeights(request);
  const run = { config, params };
  try {
    const folder = await openImages(request.data, roomFor(config.model.encoder, request));
    try {
      if (folder.length < 2) {
        throw usageError(
          `--data ${request.data} holds one image that can be read; explain compares images, so give 2 or more`,
        );
      }
      const images = atMost(folder, IMAGES);
      const root = key(request.seed);
      const { count } = progressOf('examining the model, parts');
      const ofFeatures = await features(run, images, root);
      count(1, PARTS);
      const ofDecoder =
        (params.decoder ?? params.denoiser) === undefined
          ? {}
          : await decoded(run, images, root, (done) => count(1 + done, PARTS));
      count(PARTS, PARTS);
      if (request.attention !== undefined) {
        await writeAttention(request.attention, config, params, images);
      }
      const of = { checkpoint: path, step, images: images.length };
      return { result: { ...of, ...ofFeatures, ...ofDecoder }, config };
    } finally {
      await folder.close();
    }
  } finally {
    disposeTree(params);
  }
}

type Features = {
  readonly alignment: number;
  readonly uniformity: number;
  readonly effectiveRank: number;
};
type Decoded = {
  /** Mean squared error of hidden patches; absent where nothing is hidden. */
  readonly hidden?: number;
  readonly visible?: number;
  readonly denoising?: readonly { readonly sigma: number; readonly decibels: number }[];
};

/** Alignment of two augmented views; uniformity and rank of the first. */
async function features({ config, params }: Model, images: Dataset, root: Key): Promise<Features> {
  const batches = makeBatches(images, {
    key: fold(root, 'views'),
    batch: images.length,
    views: 2,
    ...config.normalization,
    size: config.model.encoder.image.width,
    augmentation: config.augmentation,
  });
  const { views, shape } = await batches(0);
  const both = tidy(() => {
    const rows = views.map((view) => encode(config.model)(params, tensor4d(view, [...shape])));
    const [a, b] = rows as [(typeof rows)[0], (typeof rows)[0]];
    return { a, alignment: alignment(a, b), uniformity: uniformity(a) };
  });
  const values = await both.a.data<'float32'>();
  const found = {
    alignment: await numberOf(both.alignment),
    uniformity: await numberOf(both.uniformity),
    effectiveRank: effectiveRank(values, { rows: images.length }),
  };
  both.a.dispose();
  return found;
}

/** Errors of the decoder at each level of noise; those without noise for a model that knows none. */
async function decoded(
  { config, params }: Model,
  images: Dataset,
  root: Key,
  progress: (done: number) => void,
): Promise<Decoded> {
  // One view, nothing to contrast and no projector: pairs play no part here.
  const weights = { ...config.model.weights, contrastive: 0 };
  const model = { ...config.model, views: 1 as const, weights };
  const { projector: _, ...parts } = params;
  const size = model.encoder.image.width;
  const indices = Array.from({ length: images.length }, (_, i) => i);
  const pixels = await plainViews(images, indices, { size, ...config.normalization });
  const errorsAt = async (sigma: number) => {
    const errors = tidy(() => {
      const view = tensor4d(pixels, [images.length, size, size, model.encoder.channels]);
      const batch = { views: [view] };
      const drawn = drawCorruption(fold(root, 'corruption'), model, batch);
      const levels = new Float32Array(images.length).fill(sigma);
      const noise = sampleNoise(fold(root, 'noise'), view, levels);
      const draws = drawn.noise === undefined ? drawn : { ...drawn, levels, noise };
      return pictureErrors(model, canForwardWith(model)(parts, batch, draws), draws.mask);
    });
    const { hidden, visible, noise } = errors;
    return {
      ...(hidden && { hidden: await numberOf(hidden) }),
      visible: await numberOf(visible),
      noise: await numberOf(noise),
    };
  };
  const largest = model.noise.max;
  const { noise: __, ...whole } = await errorsAt(largest);
  progress(1);
  const { reconstruction, denoising } = model.weights;
  const seen = reconstruction > 0 ? whole : { visible: whole.visible };
  if (denoising === 0) return seen;
  const gains = [];
  for (const share of LEVELS) {
    const { visible, noise } = await errorsAt(share * largest);
    gains.push({ sigma: share * largest, decibels: 10 * Math.log10(noise / visible) });
    progress(1 + gains.length);
  }
  return { ...seen, denoising: gains };
}

async function numberOf(scalar: Tensor): Promise<number> {
  const [value = Number.NaN] = await scalar.data();
  dispose(scalar);
  return value;
}

/**
 * What was found, as text.
 *
 * @param found of {@link explain}
 * @param config of the model
 * @returns a line for each number
 */
export function explanationLines(found: Features & Decoded, { model }: ModelConfig): string[] {
  const { hidden, visible, denoising = [] } = found;
  const line = (name: string, value: number, means: string): string =>
    `${name.padEnd(18)} ${value.toFixed(3).padStart(8)}  ${means}`;
  return [
    line(
      'alignment',
      found.alignment,
      'of two views: 0 where they agree, 2 where they are unrelated',
    ),
    line(
      'uniformity',
      found.uniformity,
      '0 where all images are one point, the lower the more even',
    ),
    line('effective rank', found.effectiveRank, `of ${model.encoder.width}`),
    ...(hidden === undefined ? [] : [line('hidden patches', hidden, errorOf(model))]),
    ...(visible === undefined
      ? []
      : [line('visible patches', visible, 'squared error, predicted noise taken off')]),
    ...denoising.map(({ sigma, decibels }) =>
      line(
        `noise of ${Number(sigma.toPrecision(3))}`,
        decibels,
        `decibels taken off by the ${noiseChoices(model).from}`,
      ),
    ),
  ];
}

const errorOf = ({ normalizePixels }: ModelConfig['model']): string =>
  `squared error${normalizePixels ? ", up to the true patch's mean and contrast" : ''}`;
