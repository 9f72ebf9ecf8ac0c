import { type Tensor2D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type CanParams, encode, type Pooling } from '@twocan/can';
import { expectOptions, expectType } from '@twocan/core';
import { type Dataset, expectDataset, plainViews } from '@twocan/data';
import type { PretrainConfig } from '../config.ts';
import { type Progress, silent } from '../progress.ts';
import { expectEncoder, expectPixelConfig, type PixelConfig, withSmallImages } from './config.ts';

/** Images in memory at a time, and their bytes. */
const AT_ONCE = { images: 100, bytes: 2 ** 29 } as const;

/** Turns normalised pixels of `count` images into one row of numbers each. */
export type Extract = (pixels: Float32Array, count: number) => Promise<Float32Array>;

/** Rows of numbers: one an image. */
export type Rows = { readonly features: Float32Array; readonly width: number };

/**
 * The pixels themselves: the baseline of every comparison.
 *
 * @param pixels of any number of images
 * @returns the same
 * @example
 * const { features } = await extractRows(dataset, config, rawPixels);
 */
export const rawPixels: Extract = async (pixels) => pixels;

/**
 * The encoder's features of whole images: no mask, no noise.
 *
 * @param model the method
 * @param params borrowed
 * @param pool which tokens make an image's row; those of the method by default
 * @returns what {@link extractRows} applies to each piece of a data set
 * @example
 * const { features } = await extractRows(dataset, config, encoderFeatures(config.model, params));
 */
export function encoderFeatures(
  model: PretrainConfig['model'],
  params: CanParams,
  pool?: Pooling,
): Extract {
  expectOptions('encoderFeatures', 'model', model, ['encoder', 'pool']);
  const features = encode(model, { pool: pool ?? model.pool });
  return imageRows(model.encoder, (images) => features(params, images));
}

/**
 * Rows that a function of images computes, such as the logits of a classifier.
 *
 * @param encoder size and channels of the images
 * @param rowsOf from normalised images `[B, H, W, C]` to rows `[B, D]`; runs in a tidy
 * @returns what {@link extractRows} applies to each piece of a data set
 * @example
 * const logits = imageRows(encoder, (images) => classify(params, encoder, images));
 * const { features } = await extractRows(dataset, config, logits);
 */
export function imageRows(
  encoder: PixelConfig['model']['encoder'],
  rowsOf: (images: Tensor4D) => Tensor2D,
): Extract {
  expectEncoder('imageRows', 'encoder', encoder);
  expectType('imageRows', 'rowsOf', rowsOf, 'function');
  const { image, channels } = encoder;
  return async (pixels, count) => {
    const rows = tidy(() => rowsOf(tensor4d(pixels, [count, image.height, image.width, channels])));
    const values = await rows.data<'float32'>();
    rows.dispose();
    return values;
  };
}

/** Rows of some images that follow each other. */
export type Piece = {
  /** The first of them in the data set. */
  readonly first: number;
  readonly count: number;
  /** One row an image. */
  readonly rows: Float32Array;
};

/**
 * Features of all images of a data set, without augmentation, piece by piece: however many there are, only
 * some are in memory.
 *
 * @param dataset N images
 * @param config image size and normalisation of the run
 * @param extract what turns pixels into rows
 * @param progress called with the number of images done
 * @returns pieces in the order of the data set
 * @throws Error with code `NON_FINITE` that names the first image whose row is not finite
 * @example
 * for await (const { rows } of extractPieces(dataset, config, rawPixels)) write(rows);
 */
export async function* extractPieces(
  dataset: Dataset,
  config: PixelConfig,
  extract: Extract,
  progress: Progress = silent,
): AsyncGenerator<Piece, void, void> {
  expectDataset('extractRows', dataset);
  expectPixelConfig('extractRows', config);
  expectType('extractRows', 'extract', extract, 'function');
  expectType('extractRows', 'progress', progress, 'function');
  const { image, channels } = config.model.encoder;
  const bytes = Float32Array.BYTES_PER_ELEMENT * image.height * image.width * channels;
  const most = Math.max(1, Math.min(AT_ONCE.images, Math.floor(AT_ONCE.bytes / bytes)));
  const done = progress('features');
  for (let first = 0; first < dataset.length; first += most) {
    const count = Math.min(most, dataset.length - first);
    const indices = Array.from({ length: count }, (_, i) => first + i);
    const normalized = { size: image.width, ...config.normalization };
    const rows = await extract(await plainViews(dataset, indices, normalized), count);
    const wrong = rows.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      throw notFinite(dataset.name(first + Math.floor((wrong * count) / rows.length)));
    }
    yield { first, count, rows };
    done(first + count, dataset.length);
  }
}

/**
 * Features of all images of a data set, without augmentation.
 *
 * @param dataset N images
 * @param config image size and normalisation of the run
 * @param extract what turns pixels into rows
 * @param progress called with the number of images done
 * @returns `[N, width]`
 * @throws Error as {@link extractPieces}
 * @example
 * const { features, width } = await extractRows(dataset, config, rawPixels);
 */
export async function extractRows(
  dataset: Dataset,
  config: PixelConfig,
  extract: Extract,
  progress: Progress = silent,
): Promise<Rows> {
  const parts: Float32Array[] = [];
  for await (const { rows } of extractPieces(dataset, config, extract, progress)) parts.push(rows);
  const features = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    features.set(part, at);
    at += part.length;
  }
  return { features, width: features.length / Math.max(1, dataset.length) };
}

/**
 * The pixels themselves of all images of a data set, of images of at most 32 x 32: a baseline for features.
 *
 * @param dataset N images
 * @param config image size and normalisation of the run
 * @param progress called with the number of images done
 * @returns `[N, H · W · C]`
 * @throws RangeError for a config without image size or normalisation
 * @example
 * const { features } = await pixelRows(dataset, config);
 */
export async function pixelRows(
  dataset: Dataset,
  config: PixelConfig,
  progress: Progress = silent,
): Promise<Rows> {
  expectPixelConfig('pixelRows', config);
  return extractRows(dataset, withSmallImages(config), rawPixels, progress);
}

function notFinite(name: string): Error {
  const error = new Error(
    `extractRows: the features of ${name} are not finite: the weights are too large, as of a run that exploded; ` +
      'take an earlier checkpoint, or train anew with a lower learning rate',
  );
  return Object.assign(error, { code: 'NON_FINITE' as const });
}
