import { slice, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanOptions, type Draws, resolveCanConfig } from '@twocan/can';
import { key, normal } from '@twocan/core';
import type { Mask } from '@twocan/masking';

/** 16 patches of 12 values, widths 16 and 8: every part of the method, in milliseconds. */
export const small = (options: CanOptions = {}) =>
  resolveCanConfig({
    encoder: { image: { height: 8, width: 8 }, patch: 2, width: 16, depth: 2, heads: 2 },
    decoder: { width: 8, depth: 1, heads: 2 },
    projector: { hidden: 12, out: 6 },
    ...options,
  });

export const images = (seed: number, batch: number): Tensor4D =>
  tensor4d(normal(key(seed), batch * 192), [batch, 8, 8, 3]);

const pick = <A extends Float32Array | Int32Array>(
  values: A,
  rows: readonly number[],
  of: number,
) =>
  values.constructor === Int32Array
    ? (Int32Array.from(rows.flatMap((r) => [...values.slice(r * of, (r + 1) * of)])) as A)
    : (Float32Array.from(rows.flatMap((r) => [...values.slice(r * of, (r + 1) * of)])) as A);

export const pickImages = (x: Tensor4D, rows: readonly number[]): Tensor4D => {
  const [, height, width, channels] = x.shape;
  const size = height * width * channels;
  const values = pick(x.dataSync<'float32'>(), rows, size);
  return tensor4d(values, [rows.length, height, width, channels]);
};

const pickMask = (mask: Mask, rows: readonly number[]): Mask => ({
  ...mask,
  batch: rows.length,
  keep: pick(mask.keep, rows, mask.kept),
  restore: pick(mask.restore, rows, mask.patches),
});

/** The draws of some of the stacked images. */
export const pickDraws = ({ mask, levels, noise }: Draws, rows: readonly number[]): Draws => ({
  ...(mask && { mask: pickMask(mask, rows) }),
  ...(levels && { levels: pick(levels, rows, 1) }),
  ...(noise && { noise: pickImages(noise, rows) }),
});

/** The rows of the stacked batch that belong to some images of each view. */
export const stacked = (chosen: readonly number[], batch: number): number[] => [
  ...chosen,
  ...chosen.map((i) => batch + i),
];

/** The part of a tensor that belongs to one shard. */
export const part = (x: Tensor4D, start: number, count: number): Tensor4D =>
  slice(x, [start, 0, 0, 0], [count, -1, -1, -1]);
