import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { CanParams } from '@twocan/can';
import { atMost, type Dataset, plainViews } from '@twocan/data';
import { picturesOf } from '@twocan/pretrain';
import { attentionMap } from '@twocan/vit';
import type { ModelConfig } from '../run/open-weights.ts';
import { writeSheet } from './picture-files.ts';
import type { Pixels } from './sheet.ts';

const COLUMNS = 8;

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
  config: ModelConfig,
  params: CanParams,
  dataset: Dataset,
): Promise<void> {
  const { encoder } = config.model;
  const side = encoder.image.width;
  const shown = atMost(dataset, COLUMNS);
  const indices = Array.from({ length: shown.length }, (_, i) => i);
  const pixels = await plainViews(shown, indices, { size: side, ...config.normalization });
  const maps = tidy(() => {
    const images = tensor4d(pixels, [indices.length, side, side, encoder.channels]);
    return attentionMap(params.encoder, encoder, images);
  });
  const [, heads, patches] = maps.shape;
  const values = await maps.data<'float32'>();
  maps.dispose();
  const pictures = picturesOf(pixels, config);
  const lit = (head: number): Pixels[] =>
    pictures.map((picture, i) => {
      const from = (i * heads + head) * patches;
      return brightened(picture, values.subarray(from, from + patches), encoder.patch);
    });
  const rows = [
    { label: 'Images', pictures },
    ...Array.from({ length: heads }, (_, head) => ({
      label: `Head ${head + 1}: the brighter, the more the other patches look there`,
      pictures: lit(head),
    })),
  ];
  await writeSheet(path, rows, config);
}

/** The picture, each patch as bright as its attention over the largest; a little always shows. */
function brightened(
  { width, height, data }: Pixels,
  attention: Float32Array,
  patch: number,
): Pixels {
  const largest = attention.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const columns = width / patch;
  const lit = data.map((value, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const own = attention[Math.floor(y / patch) * columns + Math.floor(x / patch)] ?? 0;
    return value * (0.1 + (0.9 * own) / largest);
  });
  return { width, height, data: lit };
}
