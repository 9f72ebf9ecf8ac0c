import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectType,
  fold,
  type Key,
  permutation,
  refuse,
} from '@twocan/core';

/** Which tokens of each image are kept, as plain integers that are the same on every backend. */
export type Mask = {
  /** B, images. */
  readonly batch: number;
  /** N, tokens of an image. */
  readonly patches: number;
  /** K, tokens kept of each image. */
  readonly kept: number;
  /** B·K indices of the kept tokens, image by image, in random order. */
  readonly keep: Int32Array;
  /** B·N ranks: token t of an image is kept if its rank is below K, and its rank is then its place. */
  readonly restore: Int32Array;
};

/** What {@link sampleMask} needs to know. */
export type MaskOptions = {
  readonly batch: number;
  readonly patches: number;
  /** Share of tokens to hide, in [0, 1). */
  readonly ratio: number;
  /** The number of the first image, where they are a part of a larger batch; 0 by default. */
  readonly first?: number;
};

/**
 * Hides an exact share of the tokens of each image at random, independently for each image.
 *
 * K = ⌊N·(1 - ratio)⌋, as the masked autoencoder rounds. Image b folds the key by `first` + b,
 * so that its mask does not depend on how a batch is divided.
 *
 * @param key where the numbers come from
 * @param options B, N and the ratio
 * @returns the mask
 * @throws RangeError if the ratio is not in [0, 1), a size is not a positive integer, or nothing is kept
 * @example
 * const mask = sampleMask(key(0), { batch: 2, patches: 64, ratio: 0.5 }); // keeps 32 of 64
 *
 * He et al., arXiv 2111.06377, `random_masking`.
 */
export function sampleMask(key: Key, options: MaskOptions): Mask {
  expectKey('sampleMask', 'key', key);
  expectOptions('sampleMask', 'options', options, ['batch', 'patches', 'ratio'], ['first']);
  const { batch, patches, ratio, first = 0 } = options;
  expectNumber('sampleMask', 'ratio', ratio, 'lie in [0, 1)', (x) => x >= 0 && x < 1);
  expectInteger('sampleMask', 'batch', batch);
  expectInteger('sampleMask', 'first', first, 0);
  expectInteger('sampleMask', 'patches', patches);
  expectInteger('sampleMask', 'batch times patches', batch * patches);
  // 10·(1 - 0.9) is 0.9999…: what lies within rounding of an integer is that integer.
  const exact = patches * (1 - ratio);
  const nearest = Math.round(exact);
  const kept = Math.abs(exact - nearest) < 1e-9 * patches ? nearest : Math.floor(exact);
  if (kept < 1) {
    throw new RangeError(
      `sampleMask: ratio ${ratio} keeps none of ${patches} patches; lower it or use smaller patches`,
    );
  }
  const keep = new Int32Array(batch * kept);
  const restore = new Int32Array(batch * patches);
  for (let b = 0; b < batch; b++) {
    const order = permutation(fold(key, first + b), patches);
    keep.set(order.subarray(0, kept), b * kept);
    order.forEach((token, rank) => {
      restore[b * patches + token] = rank;
    });
  }
  return { batch, patches, kept, keep, restore };
}

/** Checks that an argument is a mask whose lists are as long as its sizes say. */
export function expectMask(caller: string, mask: Mask): void {
  expectOptions(caller, 'mask', mask, ['batch', 'patches', 'kept', 'keep', 'restore']);
  for (const name of ['batch', 'patches', 'kept'] as const) expectInteger(caller, name, mask[name]);
  for (const name of ['keep', 'restore'] as const) {
    const count = mask.batch * (name === 'keep' ? mask.kept : mask.patches);
    expectType(caller, `mask.${name}`, mask[name], Int32Array);
    if (mask[name].length !== count) {
      refuse(caller, `mask.${name}`, `hold ${count} numbers`, mask[name]);
    }
  }
}
