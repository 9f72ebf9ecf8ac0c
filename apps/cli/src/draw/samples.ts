import { type Tensor3D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import {
  type CanParams,
  canForward,
  canPictures,
  type Forward,
  reconstructionCaption,
} from '@twocan/can';
import { disposeTree, type Key, type Params } from '@twocan/core';
import { type Dataset, plainViews } from '@twocan/data';
import { patchGrid, unpatchify } from '@twocan/patches';
import type { RunConfig } from '../run/config.ts';
import { picturesIn, spreadOver, writeSheet } from './picture-files.ts';
import type { SheetRow } from './sheet.ts';

const COLUMNS = 8;

/**
 * Draws what the model makes of a few pictures: the originals, what the encoder sees, the
 * reconstruction, and the noise beside its prediction.
 *
 * The same pictures, masks and noise at every call, so that the sheets of a run compare.
 *
 * @param path where the PNG goes
 * @param config the run
 * @param params borrowed
 * @param dataset the first pictures of it are shown, without augmentation
 * @param key decides masks and noise
 */
export async function writeSamples(
  path: string,
  config: RunConfig,
  params: CanParams,
  dataset: Dataset,
  key: Key,
): Promise<void> {
  const indices = spreadOver(dataset.length, COLUMNS);
  const size = config.model.encoder.image.width;
  const pixels = await plainViews(dataset, indices, { size, ...config.normalization });
  await writeSheet(path, drawRows(config, params, pixels, indices.length, key), config);
}

function drawRows(
  config: RunConfig,
  params: CanParams,
  pixels: Float32Array,
  count: number,
  key: Key,
): SheetRow[] {
  const { model } = config;
  const { image, channels } = model.encoder;
  const images = tensor4d(pixels, [count, image.height, image.width, channels]);
  const views = Array.from({ length: model.views }, () => images);
  const forward = canForward(model)(params, { views }, key);
  const rows = [
    ...pictureRows(config, forward, count),
    ...(forward.noise ? noiseRows(config, forward, count) : []),
  ];
  const { mask: _, levels: __, ...tensors } = forward;
  disposeTree(tensors as Params);
  images.dispose();
  return rows;
}

/** Rows in the units of the image. */
function pictureRows(config: RunConfig, forward: Forward, count: number): SheetRow[] {
  const { model } = config;
  const row = (label: string, images: Tensor4D): SheetRow => ({
    label,
    pictures: picturesIn(images.dataSync<'float32'>(), config).slice(0, count),
  });
  const hidden = `${Math.round(100 * model.maskRatio)}% of patches hidden (drawn in the mean colour)`;
  const noise = `noise of level 0 to ${model.noise.max} of a normalised pixel added`;
  const input = [...(model.noise.max > 0 ? [noise] : []), ...(model.maskRatio > 0 ? [hidden] : [])];
  const inputLabel = `Input: ${input.length > 0 ? input.join(', ') : 'the original itself'}`;
  const original = 'Original, resized to the model';
  if (forward.predictions === undefined) {
    return [row(original, forward.clean), row(inputLabel, forward.noisy)];
  }
  const pictures = canPictures(model, forward);
  const rows = [
    row(original, pictures.clean),
    row(inputLabel, pictures.input),
    row(`Reconstruction: ${reconstructionCaption(model)}`, pictures.output),
  ];
  disposeTree({ ...pictures });
  return rows;
}

/** Rows around grey: noise is far too faint to be seen as it is. */
function noiseRows(config: RunConfig, forward: Forward, count: number): SheetRow[] {
  const { model, normalization } = config;
  const { image, patch, channels } = model.encoder;
  const grid = patchGrid({ ...image, patch });
  const deviation = normalization.std.reduce((a, b) => a + b, 0) / normalization.std.length;
  // Three deviations of the strongest noise reach black and white.
  const gain = Math.max(1, Math.round(0.5 / (3 * model.noise.max * deviation)));
  const grey = { mean: [0.5, 0.5, 0.5], std: normalization.std.map((s) => s * gain) };
  const row = (label: string, patches: Tensor3D | undefined): SheetRow[] => {
    if (patches === undefined) return [];
    const images = tidy(() => unpatchify(patches, { ...grid, patch, channels }));
    const values = images.dataSync<'float32'>();
    if (label.startsWith('Predicted')) hide(values, forward, { ...grid, patch, channels });
    images.dispose();
    return [
      { label, pictures: picturesIn(values, { model, normalization: grey }).slice(0, count) },
    ];
  };
  return [
    ...(model.weights.denoising > 0
      ? row(
          `Predicted noise, amplified ${gain}x; hidden patches are left grey`,
          forward.predictions,
        )
      : []),
    ...row(`Noise that was added, amplified ${gain}x`, forward.noise),
  ];
}

type Layout = {
  readonly rows: number;
  readonly columns: number;
  readonly patch: number;
  readonly channels: number;
};

/** Sets hidden patches to 0: what the model puts there is a prediction of pixels, not of noise. */
function hide(
  values: Float32Array | Int32Array | Uint8Array,
  { mask }: Forward,
  layout: Layout,
): void {
  if (mask === undefined) return;
  const { rows, columns, patch, channels } = layout;
  const width = columns * patch * channels;
  mask.restore.forEach((rank, token) => {
    if (rank < mask.kept) return;
    const [image, place] = [Math.floor(token / mask.patches), token % mask.patches];
    const top = image * rows * patch + Math.floor(place / columns) * patch;
    const left = (place % columns) * patch * channels;
    for (let y = top; y < top + patch; y++) {
      values.fill(0, y * width + left, y * width + left + patch * channels);
    }
  });
}
