import { add, reshape, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectRank,
  expectType,
  fold,
  type Key,
  refuse,
  uniform,
} from '@twocan/core';
import { normalRows } from '@twocan/ops';

/** How levels lie between the smallest and the largest: evenly, or evenly in their logarithm. */
export type LevelSpread = 'uniform' | 'log-uniform';

/** Which noise levels there are, in units of the normalised pixels. */
export type LevelRange = {
  /** σ_max, ≥ 0. */
  readonly max: number;
  /** σ_min, at most σ_max; 0 by default, above 0 for `log-uniform`. */
  readonly min?: number;
  /** Default `uniform`. */
  readonly spread?: LevelSpread;
};

/**
 * One noise level for each image.
 *
 * σ = min + (max - min)·u, or min·(max/min)^u where the spread is `log-uniform`; u is uniform in [0, 1).
 *
 * @param key where the numbers come from; image b folds it by `first` + b
 * @param batch B
 * @param range the levels
 * @param first the number of the first image, where they are a part of a larger batch
 * @returns σ, `[B]`
 * @throws RangeError if a bound is negative or not finite, or min does not fit max and spread
 * @example
 * sampleLevel(key(0), 4, { max: 0.05 });
 *
 * Mishra et al., arXiv 2210.16870: σ ~ U[0, σ_max] for each image and view. Log-uniform as in noise
 * conditional score networks (Song and Ermon, arXiv 1907.05600), whose levels are a geometric sequence.
 */
export function sampleLevel(key: Key, batch: number, range: LevelRange, first = 0): Float32Array {
  expectKey('sampleLevel', 'key', key);
  expectInteger('sampleLevel', 'batch', batch, 0);
  expectInteger('sampleLevel', 'first', first, 0);
  expectOptions('sampleLevel', 'range', range, ['max'], ['min', 'spread']);
  const { max, min = 0, spread = 'uniform' } = range;
  const fits = (x: number): boolean => x >= 0 && x <= 1e30;
  expectNumber('sampleLevel', 'max', max, 'be a number from 0 to 1e30', fits);
  expectNumber('sampleLevel', 'min', min, `lie in [0, ${max}]`, (x) => x >= 0 && x <= max);
  if (spread !== 'uniform' && spread !== 'log-uniform') {
    refuse('sampleLevel', 'spread', 'be uniform or log-uniform', spread);
  }
  if (spread === 'log-uniform' && min === 0) {
    refuse('sampleLevel', 'min', 'be above 0 where the spread is log-uniform', min);
  }
  const levelAt = (u: number): number =>
    spread === 'uniform' ? min + (max - min) * u : min * (max / min) ** u;
  return Float32Array.from({ length: batch }, (_, b) =>
    levelAt(uniform(fold(key, first + b), 1)[0] ?? 0),
  );
}

/** Images with noise, and the noise that was added: the target of the denoising loss. */
export type NoisyImages = { readonly noisy: Tensor4D; readonly noise: Tensor4D };

/**
 * Adds Gaussian noise to whole images: x + σe with e ~ N(0, 1).
 *
 * @param key where the numbers come from; image b folds it by b
 * @param images `[B, H, W, C]`, normalised pixels
 * @param levels σ of each image, `[B]`
 * @returns the noisy images and the noise σe, `[B, H, W, C]` each
 * @throws RangeError if there is not one level for each image
 * @example
 * const { noisy, noise } = addNoise(key(0), images, sampleLevel(key(1), 4, { max: 0.05 }));
 */
export function addNoise(key: Key, images: Tensor4D, levels: Float32Array): NoisyImages {
  return tidy(() => {
    const noise = noiseFor('addNoise', key, images, levels, 0);
    return { noisy: add(images, noise), noise };
  });
}

/**
 * The noise that {@link addNoise} adds to images of this shape, alone: σe with e ~ N(0, 1).
 *
 * @param key where the numbers come from; image b folds it by `first` + b
 * @param images `[B, H, W, C]`; only their shape matters
 * @param levels σ of each image, `[B]`
 * @param first the number of the first image, where they are a part of a larger batch
 * @returns the noise, `[B, H, W, C]`
 * @throws RangeError if there is not one level for each image
 * @example
 * sampleNoise(key(0), images, sampleLevel(key(1), 4, { max: 0.05 }));
 */
export function sampleNoise(key: Key, images: Tensor4D, levels: Float32Array, first = 0): Tensor4D {
  expectInteger('sampleNoise', 'first', first, 0);
  return noiseFor('sampleNoise', key, images, levels, first);
}

function noiseFor(
  caller: string,
  key: Key,
  images: Tensor4D,
  levels: Float32Array,
  first: number,
): Tensor4D {
  expectKey(caller, 'key', key);
  expectRank(caller, 'images', images, 4);
  expectType(caller, 'levels', levels, Float32Array);
  const [batch] = images.shape;
  if (levels.length !== batch) {
    throw new RangeError(
      `${caller}: levels must hold one σ for each of ${batch} images, got ${levels.length}`,
    );
  }
  const keys = Array.from(levels, (_, b) => fold(key, first + b));
  const size = images.size / Math.max(1, batch);
  return tidy(() => reshape(normalRows(keys, levels, size), images.shape));
}
