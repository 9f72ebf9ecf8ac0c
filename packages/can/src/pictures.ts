import {
  add,
  clone,
  mul,
  reshape,
  sub,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { expectOptions, expectRank, expectShape } from '@twocan/core';
import { type Mask, maskedWeights } from '@twocan/masking';
import { patchGrid, patchify, unpatchify } from '@twocan/patches';
import { denormalizePatches } from '@twocan/reconstruction';
import type { CanConfig } from './config.ts';
import { expectCanConfig } from './expect.ts';
import type { Forward } from './parts.ts';

/** Images `[M, H, W, C]` in the units of the batch (normalised pixels). */
export type Pictures = {
  /** The views, without noise. */
  readonly clean: Tensor4D;
  /** What the encoder saw: noisy, hidden patches at 0 (the mean colour). */
  readonly input: Tensor4D;
  /** Hidden patches as predicted, visible ones with the predicted noise taken off. */
  readonly output: Tensor4D;
};

/**
 * Predictions at masked places as pixels. Where targets are normalised, each patch gets the mean and
 * variance of the true patch, which the model did not predict; {@link reconstructionCaption} states it.
 */
const inPixels = (config: CanConfig, predictions: Tensor3D, targets: Tensor3D): Tensor3D =>
  config.normalizePixels ? denormalizePatches(predictions, targets) : clone(predictions);

/**
 * The sentence that belongs under reconstructed pictures of this config.
 *
 * @param config the method
 * @returns one sentence
 * @example
 * reconstructionCaption(config);
 */
export function reconstructionCaption(config: CanConfig): string {
  expectCanConfig('reconstructionCaption', config);
  const { reconstruction, denoising } = config.weights;
  const hidden =
    reconstruction > 0
      ? config.normalizePixels
        ? 'Hidden patches are predicted up to their mean and contrast, which are those of the true patches'
        : 'Hidden patches are predicted'
      : 'Hidden patches are not predicted and left blank';
  const visible =
    denoising > 0
      ? 'visible patches are the input with the predicted noise taken off'
      : 'visible patches are the input itself';
  return `${hidden}; ${visible}`;
}

/**
 * Turns a forward pass into pictures that can be looked at.
 *
 * @param config the method
 * @param forward from `canForward`
 * @param mask of the same pass; none where nothing was hidden
 * @returns clean, input and output images; print `reconstructionCaption(config)` with them
 * @throws RangeError if the config predicts neither pixels nor noise
 * @example
 * const { forward, mask } = canForward(config)(params, batch, key(0));
 * const { input, output } = canPictures(config, forward, mask);
 */
export function canPictures(config: CanConfig, forward: Forward, mask?: Mask): Pictures {
  expectCanConfig('canPictures', config);
  expectOptions('canPictures', 'forward', forward, ['clean', 'noisy']);
  const { clean, noisy, predictions, noisePredictions } = forward;
  const predictedNoise = noisePredictions ?? predictions;
  if (predictedNoise === undefined) {
    throw new RangeError(
      'canPictures: the config must predict patches, got reconstruction and denoising of weight 0',
    );
  }
  const { image, patch, channels } = config.encoder;
  const shape = [null, image.height, image.width, channels];
  expectShape('canPictures', 'forward.clean', clean, shape);
  expectShape('canPictures', 'forward.noisy', noisy, clean.shape);
  for (const [name, predicted] of Object.entries({ predictions, noisePredictions })) {
    if (predicted !== undefined) expectRank('canPictures', `forward.${name}`, predicted, 3);
  }
  const { rows, columns, count } = patchGrid({ ...image, patch });
  if (mask !== undefined) {
    expectOptions('canPictures', 'mask', mask, ['batch', 'patches']);
    if (mask.batch !== clean.shape[0] || mask.patches !== count) {
      throw new RangeError(
        `canPictures: mask must be of ${clean.shape[0]} images of ${count} patches, got ${mask.batch} of ${mask.patches}`,
      );
    }
  }
  return tidy(() => {
    const seen = patchify(noisy, patch);
    const hidden: Tensor =
      mask !== undefined
        ? reshape(maskedWeights(mask), [clean.shape[0], count, 1])
        : zerosLike(seen);
    const targets = config.target === 'clean' ? patchify(clean, patch) : seen;
    const pixels =
      predictions !== undefined && config.weights.reconstruction > 0
        ? inPixels(config, predictions, targets)
        : zerosLike(seen);
    const denoised = config.weights.denoising > 0 ? sub(seen, predictedNoise) : seen;
    const picture = (patches: Tensor): Tensor4D =>
      unpatchify(patches as Tensor3D, { rows, columns, patch, channels });
    const visible = sub(1, hidden);
    return {
      clean: clone(clean),
      input: picture(mul(seen, visible)),
      output: picture(add(mul(pixels, hidden), mul(denoised, visible))),
    };
  });
}
