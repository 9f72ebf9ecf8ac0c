import { concat, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectKey,
  expectOptions,
  expectShape,
  expectType,
  fold,
  type Key,
  refuse,
  solo,
} from '@twocan/core';
import { type Mask, sampleMask } from '@twocan/masking';
import { sampleLevel, sampleNoise } from '@twocan/noise';
import { patchGrid } from '@twocan/patches';
import { type CanConfig, choicesOf } from './config.ts';
import { expectCanConfig } from './expect.ts';
import type { CanBatch } from './params.ts';
import type { Draws } from './parts.ts';
import { addsNoise, hidesPatches } from './uses.ts';
import { expectBatch } from './views.ts';

/**
 * Draws masks, noise levels and noise for a batch; each view of each image gets its own.
 *
 * @param key folded by 'mask', 'level' and 'noise', each of them by the index of the view
 * @param config the method
 * @param batch the images that will be corrupted; only their shapes matter
 * @returns the draws; the caller disposes `noise`
 * @example
 * const draws = drawCorruption(key(7), config, { views: [a, b] });
 */
export function drawCorruption(key: Key, config: CanConfig, batch: CanBatch): Draws {
  expectKey('drawCorruption', 'key', key);
  expectCanConfig('drawCorruption', config);
  expectBatch('drawCorruption', config, batch);
  return drawsFor(key, config, batch);
}

/** {@link drawCorruption} of arguments that were checked; images count on from rank to rank. */
export function drawsFor(
  key: Key,
  config: CanConfig,
  { views }: CanBatch,
  { rank }: Communicator = solo,
): Draws {
  const patches = patchGrid({ ...config.encoder.image, patch: config.encoder.patch }).count;
  const { min, levels: spread } = choicesOf(config);
  const perView = views.map((images, v) => {
    const [batch] = images.shape;
    const first = rank * batch;
    const keyOf = (name: string): Key => fold(fold(key, name), v);
    return {
      mask: () => sampleMask(keyOf('mask'), { batch, patches, ratio: config.maskRatio, first }),
      levels: sampleLevel(keyOf('level'), batch, { max: config.noise.max, min, spread }, first),
      noiseKey: keyOf('noise'),
      images,
      first,
    };
  });
  return {
    ...(hidesPatches(config) && { mask: stackMasks(perView.map(({ mask }) => mask())) }),
    ...(addsNoise(config) && {
      levels: joined(
        Float32Array,
        perView.map(({ levels }) => levels),
      ),
      noise: tidy(() => {
        const noises = perView.map((v) => sampleNoise(v.noiseKey, v.images, v.levels, v.first));
        return concat(noises, 0);
      }),
    }),
  };
}

/** Checks that draws fit the stacked images of a batch. */
export function expectDrawsOf(caller: string, draws: Draws, images: Tensor4D): void {
  expectOptions(caller, 'draws', draws, [], ['mask', 'levels', 'noise']);
  const { mask, levels, noise } = draws;
  if (mask !== undefined) expectOptions(caller, 'draws.mask', mask, ['keep', 'restore']);
  if (noise !== undefined) expectShape(caller, 'draws.noise', noise, images.shape);
  if (levels === undefined) return;
  expectType(caller, 'draws.levels', levels, Float32Array);
  const count = images.shape[0];
  if (levels.length !== count) refuse(caller, 'draws.levels', `hold ${count} levels`, levels);
}

/** The masks of several batches as the mask of the stacked batch. */
export function stackMasks(masks: readonly Mask[]): Mask {
  const [first] = masks;
  if (first === undefined) throw new RangeError('stackMasks: masks must not be empty, got none');
  return {
    batch: masks.reduce((sum, { batch }) => sum + batch, 0),
    patches: first.patches,
    kept: first.kept,
    keep: joined(
      Int32Array,
      masks.map(({ keep }) => keep),
    ),
    restore: joined(
      Int32Array,
      masks.map(({ restore }) => restore),
    ),
  };
}

/** Typed arrays of one kind, one after the other. */
function joined<T extends Int32Array | Float32Array>(
  Kind: new (length: number) => T,
  parts: readonly T[],
): T {
  const all = new Kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
