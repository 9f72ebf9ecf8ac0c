import { mul, reshape, type Tensor3D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import {
  type CanConfig,
  type CanParams,
  canForward,
  canPictures,
  type DrawnForward,
} from '@twocan/can';
import { expectInteger, expectKey, expectOptions, expectType, type Key } from '@twocan/core';
import { atMost, type Dataset, plainViews, toPixels } from '@twocan/data';
import { visibleWeights } from '@twocan/masking';
import { patchGrid, unpatchify } from '@twocan/patches';
import { expectPixelConfig, type FeatureConfig } from '../features/config.ts';
import { type Picture, picturesOf } from './pictures.ts';

/** What a row of pictures shows. */
export type PictureId =
  /** The images, resized to the model. */
  | 'original'
  /** What the encoder sees: noisy, with hidden patches in the mean colour. */
  | 'input'
  /** Hidden patches as they are predicted, visible ones with the predicted noise taken off. */
  | 'reconstruction'
  /** The noise that is predicted, around grey; hidden patches are grey. */
  | 'predicted-noise'
  /** The noise that was added, around grey. */
  | 'added-noise';

/** One picture of each image. */
export type PictureRow = {
  readonly id: PictureId;
  /** How many times noise is shown stronger than it is; absent in rows without noise. */
  readonly gain?: number;
  readonly pictures: readonly Picture[];
};

const IMAGES = 8;

/**
 * Draws what a model makes of a few images: the images, what the encoder sees, and as far as the
 * method has them the reconstruction, and the noise with its prediction.
 *
 * The same images, masks and noise at every call, so that the pictures of a run compare.
 *
 * @param config the run: method and normalisation
 * @param params borrowed
 * @param dataset eight images of it are shown, without augmentation
 * @param key decides masks and noise
 * @returns rows of pictures, the original first
 * @throws RangeError for a config that is not complete
 * @example
 * const rows = await drawPictures(config, params, dataset, key(0));
 * const reconstruction = rows.find(({ id }) => id === 'reconstruction');
 */
export async function drawPictures(
  config: FeatureConfig,
  params: CanParams,
  dataset: Dataset,
  key: Key,
): Promise<PictureRow[]> {
  expectPixelConfig('drawPictures', config);
  expectOptions('drawPictures', 'config.model', config.model, ['views']);
  expectInteger('drawPictures', 'views', config.model.views, 1, 2);
  expectKey('drawPictures', 'key', key);
  const { model, normalization } = config;
  const { width: size } = model.encoder.image;
  const shown = atMost(dataset, IMAGES);
  const indices = Array.from({ length: shown.length }, (_, i) => i);
  const pixels = await plainViews(shown, indices, { size, ...normalization });
  const views = Array.from({ length: model.views }, () => pixels);
  const rows = await drawViews(config, params, views, key);
  // Of several views the first.
  return rows.map((row) => ({ ...row, pictures: row.pictures.slice(0, shown.length) }));
}

/**
 * The same of views that are given, such as the two crops of images that a step trains on.
 *
 * @param config the run: method and normalisation
 * @param params borrowed
 * @param views one array of normalised pixels `[B, size, size, 3]` a view, as in a batch
 * @param key decides masks and noise
 * @returns rows of pictures, the original first; each has those of the first view, then of the second
 * @throws RangeError for a config that is not complete, or views that are not as many as its method has
 * @example
 * const { views } = await batches(0);
 * const rows = await drawViews(config, params, views, key(0));
 */
export async function drawViews(
  config: FeatureConfig,
  params: CanParams,
  views: readonly Float32Array[],
  key: Key,
): Promise<PictureRow[]> {
  expectPixelConfig('drawViews', config);
  expectOptions('drawViews', 'config.model', config.model, ['views']);
  expectType('drawViews', 'views', views, Array);
  expectInteger('drawViews', 'views.length', views.length, config.model.views, config.model.views);
  expectKey('drawViews', 'key', key);
  const { model, normalization } = config;
  toPixels(new Float32Array(3), normalization);
  const { image, channels } = model.encoder;
  const each = image.height * image.width * channels;
  const count = (views[0]?.length ?? 0) / each;
  for (const view of views) {
    expectType('drawViews', 'views', view, Float32Array);
    if (!Number.isInteger(count) || view.length !== count * each) {
      throw new RangeError(
        `drawViews: views must be those of the same images of ${image.width} x ${image.height}, got ${views.map(({ length }) => length)} numbers`,
      );
    }
  }
  const drawn = tidy(() => {
    const tensors = views.map((view) =>
      tensor4d(view, [count, image.height, image.width, channels]),
    );
    const drawn = canForward(model)(params, { views: tensors }, key);
    return { ...imagesOf(model, drawn), ...noiseOf(model, drawn) };
  });
  const deviation = normalization.std.reduce((a, b) => a + b, 0) / normalization.std.length;
  // Three deviations of the strongest noise reach black and white.
  const gain = Math.max(1, Math.round(0.5 / (3 * model.noise.max * deviation)));
  const grey = { mean: [0.5, 0.5, 0.5], std: normalization.std.map((s) => s * gain) };
  const rows: PictureRow[] = [];
  for (const [id, tensor] of Object.entries(drawn) as [PictureId, Tensor4D][]) {
    const values = await tensor.data<'float32'>();
    tensor.dispose();
    const isNoise = id === 'predicted-noise' || id === 'added-noise';
    const of = isNoise ? { model, normalization: grey } : config;
    rows.push({ id, ...(isNoise && { gain }), pictures: picturesOf(values, of) });
  }
  return rows;
}

type Drawn = { readonly [id in PictureId]?: Tensor4D };

/** Pictures in the units of the images. */
function imagesOf(model: CanConfig, { forward, mask }: DrawnForward): Drawn {
  if ((forward.predictions ?? forward.noisePredictions) === undefined) {
    return { original: forward.clean, input: forward.noisy };
  }
  const { clean, input, output } = canPictures(model, forward, mask);
  return { original: clean, input, reconstruction: output };
}

/** Noise as a picture, which is far too faint to be seen as it is. */
function noiseOf(model: CanConfig, { forward, mask }: DrawnForward): Drawn {
  const { noise, predictions, noisePredictions: predicted = predictions } = forward;
  if (noise === undefined) return {};
  const { image, patch, channels } = model.encoder;
  const { rows, columns, count } = patchGrid({ ...image, patch });
  const picture = (patches: Tensor3D): Tensor4D =>
    unpatchify(patches, { rows, columns, patch, channels });
  const added = { 'added-noise': picture(noise) };
  if (predicted === undefined || model.weights.denoising === 0) return added;
  // What the decoder predicts of a hidden patch is its pixels, not its noise.
  const visible = mask && reshape(visibleWeights(mask), [-1, count, 1]);
  const own = visible === undefined ? predicted : mul(predicted, visible);
  return { 'predicted-noise': picture(own as Tensor3D), ...added };
}
