import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { CanParams } from '@twocan/can';
import { type Dataset, plainViews, toPixels } from '@twocan/data';
import { attentionMap } from '@twocan/vit';
import sharp from 'sharp';
import type { RunConfig } from './config.ts';
import { drawSheet, type Pixels } from './sheet.ts';

const COLUMNS = 8;
const PICTURE_SIDE = 96;

/**
 * Draws where the last block looks: the images, and each head's attention as their brightness.
 *
 * @param path where the PNG goes
 * @param config the run
 * @param params borrowed
 * @param dataset some of its images are shown
 */
export async function writeAttention(
  path: string,
  { model, normalization }: RunConfig,
  params: CanParams,
  dataset: Dataset,
): Promise<void> {
  const { encoder } = model;
  const side = encoder.image.width;
  const count = Math.min(COLUMNS, dataset.length);
  const indices = Array.from({ length: count }, (_, i) => Math.floor((i * dataset.length) / count));
  const pixels = await plainViews(dataset, indices, { size: side, ...normalization });
  const maps = tidy(() => {
    const images = tensor4d(pixels, [count, side, side, encoder.channels]);
    return attentionMap(params.encoder, encoder, images);
  });
  const [, heads, patches] = maps.shape;
  const values = await maps.data<'float32'>();
  maps.dispose();
  const colours = toPixels(pixels, normalization);
  const each = side * side * encoder.channels;
  const pictures = indices.map((_, i) => colours.subarray(i * each, (i + 1) * each));
  const plain = pictures.map((data): Pixels => ({ width: side, height: side, data }));
  const lit = (head: number): Pixels[] =>
    pictures.map((data, i) => {
      const from = (i * heads + head) * patches;
      return {
        ...{ width: side, height: side },
        data: brightened(data, values.subarray(from, from + patches), side, encoder.patch),
      };
    });
  const rows = [
    { label: 'Images', pictures: plain },
    ...Array.from({ length: heads }, (_, head) => ({
      label: `Head ${head + 1}: the brighter, the more the other patches look there`,
      pictures: lit(head),
    })),
  ];
  const sheet = drawSheet(rows, Math.max(1, Math.round(PICTURE_SIDE / side)));
  await sharp(sheet.data, { raw: { width: sheet.width, height: sheet.height, channels: 3 } })
    .png()
    .toFile(path);
}

/** The picture, each patch as bright as its attention over the largest; a little always shows. */
function brightened(
  data: Uint8ClampedArray,
  attention: Float32Array,
  side: number,
  patch: number,
): Uint8ClampedArray {
  const largest = Math.max(...attention);
  const columns = side / patch;
  const channels = data.length / side ** 2;
  return data.map((value, i) => {
    const [x, y] = [Math.floor(i / channels) % side, Math.floor(i / channels / side)];
    const own = attention[Math.floor(y / patch) * columns + Math.floor(x / patch)] ?? 0;
    return value * (0.1 + (0.9 * own) / largest);
  });
}
