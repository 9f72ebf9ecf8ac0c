import { expectInteger, expectNumber, expectOptions, expectType } from '@twocan/core';
import type { Interpolation } from '@twocan/patches';

/** Mean of ImageNet's training pictures per RGB channel, of 1: what ViT and MAE weights expect. */
export const IMAGENET_MEAN: readonly number[] = [0.485, 0.456, 0.406];

/** Standard deviation of ImageNet's training pictures per RGB channel. */
export const IMAGENET_STD: readonly number[] = [0.229, 0.224, 0.225];

/** How an image becomes the numbers that a model reads. */
export type Normalization = {
  /** Of each channel; ImageNet's where left out, as is `std`. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** How images are resized before; bilinear by default. */
  readonly interpolation?: Interpolation;
};

/**
 * (x - mean) / std, channel by channel.
 *
 * @param pixels `[..., C]`, 0 to 1; left as it is
 * @param options.mean one number a channel
 * @param options.std one number a channel, above 0
 * @returns `[..., C]`
 * @throws RangeError if mean and std differ in length, a std is not positive, or the pixels do not
 *   divide into that many channels
 * @example
 * toNormalized(new Float32Array([0.485, 0.456, 0.406])); // [0, 0, 0]
 */
export function toNormalized(pixels: Float32Array, options: Normalization = {}): Float32Array {
  expectType('toNormalized', 'pixels', pixels, Float32Array);
  const { mean, std, channels } = check('toNormalized', pixels.length, options);
  const normalized = new Float32Array(pixels.length);
  // Channel by channel: a fifth of the time of one pass that computes the channel of each value.
  for (let c = 0; c < channels; c++) {
    const [middle, spread] = [mean[c] ?? 0, std[c] ?? 1];
    for (let i = c; i < pixels.length; i += channels) {
      normalized[i] = ((pixels[i] as number) - middle) / spread;
    }
  }
  return normalized;
}

/**
 * The inverse of {@link toNormalized} for pictures: 8 bits, out-of-range values clipped.
 *
 * @param normalized `[..., C]`
 * @param options.mean one number a channel
 * @param options.std one number a channel, above 0
 * @returns `[..., C]`, 0 to 255
 * @throws RangeError as {@link toNormalized}
 * @example
 * toPixels(new Float32Array([0, 0, 0])); // [124, 116, 104]
 */
export function toPixels(
  normalized: ArrayLike<number>,
  options: Normalization = {},
): Uint8ClampedArray {
  expectType('toPixels', 'normalized', normalized, 'object');
  expectInteger('toPixels', 'normalized.length', normalized.length, 0);
  const { mean, std, channels } = check('toPixels', normalized.length, options);
  // A clamped array rounds to the nearest integer and clips.
  return Uint8ClampedArray.from(
    normalized,
    (x, i) => 255 * (x * (std[i % channels] ?? 1) + (mean[i % channels] ?? 0)),
  );
}

function check(
  caller: string,
  length: number,
  options: Normalization,
): { mean: readonly number[]; std: readonly number[]; channels: number } {
  expectOptions(caller, 'options', options, [], ['mean', 'std', 'interpolation']);
  const { mean = IMAGENET_MEAN, std = IMAGENET_STD } = options;
  for (const [name, numbers] of Object.entries({ mean, std })) {
    expectType(caller, name, numbers, Array);
    for (const x of numbers) expectNumber(caller, name, x, 'hold finite numbers', Number.isFinite);
  }
  const channels = mean.length;
  if (channels === 0 || channels !== std.length) {
    throw new RangeError(
      `${caller}: mean and std need one number a channel, got ${mean.length} and ${std.length}`,
    );
  }
  if (!std.every((s) => s > 0)) {
    throw new RangeError(`${caller}: std must be above 0, got [${std.join(', ')}]`);
  }
  if (length % channels !== 0) {
    throw new RangeError(`${caller}: ${length} values do not divide into ${channels} channels`);
  }
  return { mean, std, channels };
}
