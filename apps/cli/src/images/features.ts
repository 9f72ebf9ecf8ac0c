import { type Tensor2D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type CanParams, encode, type Pooling } from '@twocan/can';
import { type Dataset, plainViews } from '@twocan/data';
import type { RunConfig } from '../run/config.ts';
import { nonFiniteError } from '../terminal/failure.ts';
import { progressOf } from '../terminal/progress.ts';

export type { Pooling };

/** Pictures in memory at a time, and their bytes. */
const AT_ONCE = { pictures: 100, bytes: 2 ** 29 } as const;

/** Turns normalised pixels of `count` pictures into one row of numbers each. */
export type Extract = (pixels: Float32Array, count: number) => Promise<Float32Array>;

/** What features need to know of a run. */
export type Sizes = Pick<RunConfig, 'model' | 'normalization'>;

/** What pictures need to know of it. */
type PictureSizes = Pick<RunConfig, 'normalization'> & {
  readonly model: Pick<RunConfig['model'], 'encoder'>;
};

/** Rows of numbers: one a picture. */
export type Rows = { readonly features: Float32Array; readonly width: number };

/** The pixels themselves: the baseline of every comparison. */
export const rawPixels: Extract = async (pixels) => pixels;

/**
 * The encoder's features of whole pictures: no mask, no noise.
 *
 * @param model the method
 * @param params borrowed
 * @param pool which tokens make a picture's row; those of the method unless said
 * @returns what {@link extractRows} applies to each piece of a data set
 */
export function encoderFeatures(
  model: RunConfig['model'],
  params: CanParams,
  pool: Pooling = model.pool,
): Extract {
  const { image, channels } = model.encoder;
  return async (pixels, count) => {
    const features = tidy((): Tensor2D => {
      const images = tensor4d(pixels, [count, image.height, image.width, channels]);
      return encode(model, { pool })(params, images);
    });
    const values = await features.data<'float32'>();
    features.dispose();
    return values;
  };
}

/**
 * Features of all pictures of a data set, without augmentation.
 *
 * @param dataset N pictures
 * @param sizes image size and normalisation of the run
 * @param extract what turns pixels into rows
 * @returns `[N, width]`
 * @throws Failure (exit code 3) naming the first picture whose row is not finite
 */
export async function extractRows(
  dataset: Dataset,
  { model, normalization }: PictureSizes,
  extract: Extract,
): Promise<Rows> {
  const { image, channels } = model.encoder;
  const bytes = Float32Array.BYTES_PER_ELEMENT * image.height * image.width * channels;
  const most = Math.max(1, Math.min(AT_ONCE.pictures, Math.floor(AT_ONCE.bytes / bytes)));
  const progress = progressOf('computing features');
  const parts: Float32Array[] = [];
  for (let first = 0; first < dataset.length; first += most) {
    const count = Math.min(most, dataset.length - first);
    const indices = Array.from({ length: count }, (_, i) => first + i);
    const size = image.width;
    const pixels = await plainViews(dataset, indices, { size, ...normalization });
    const rows = await extract(pixels, count);
    const wrong = rows.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const name = dataset.name(first + Math.floor((wrong * count) / rows.length));
      throw nonFiniteError(
        `the features of ${name} are not finite: the weights are too large, as of a run that exploded; ` +
          'take an earlier checkpoint, or train anew with a lower --lr',
      );
    }
    parts.push(rows);
    progress.count(first + count, dataset.length);
  }
  const features = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    features.set(part, at);
    at += part.length;
  }
  return { features, width: features.length / Math.max(1, dataset.length) };
}
