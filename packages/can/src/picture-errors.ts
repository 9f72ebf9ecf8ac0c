import { ones, type Scalar, sub, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { expectOptions } from '@twocan/core';
import { type Mask, maskedWeights } from '@twocan/masking';
import { weightedMeanSquaredError } from '@twocan/ops';
import { patchGrid, patchify } from '@twocan/patches';
import type { CanConfig } from './config.ts';
import { expectCanConfig } from './expect.ts';
import type { Forward } from './parts.ts';
import { canPictures } from './pictures.ts';

/** Mean squared differences to the clean images, in units of normalised pixels. */
export type PictureErrors = {
  /** Of hidden patches as they are filled in; absent where nothing is hidden. */
  readonly hidden?: Scalar;
  /** Of visible patches with the predicted noise taken off. */
  readonly visible: Scalar;
  /** Of visible patches as they came in: the noise itself. */
  readonly noise: Scalar;
};

/**
 * How far the pictures of a forward pass are from the clean images.
 *
 * 10·log10(noise / visible) is the gain of the denoising in decibels: 0 where predictions are worth
 * nothing. With `normalizePixels`, hidden patches are compared up to the mean and contrast of the true
 * patch, which the model does not predict.
 *
 * @param config the method; it predicts patches
 * @param forward from `canForward`
 * @param mask of the same pass; none where nothing was hidden
 * @returns fresh scalars
 * @throws RangeError if the config predicts neither pixels nor noise
 * @example
 * const { forward, mask } = canForward(config)(params, batch, key(0));
 * const { hidden, visible, noise } = pictureErrors(config, forward, mask);
 */
export function pictureErrors(config: CanConfig, forward: Forward, mask?: Mask): PictureErrors {
  expectCanConfig('pictureErrors', config);
  expectOptions('pictureErrors', 'forward', forward, ['clean', 'noisy']);
  const { patch, image } = config.encoder;
  const { count } = patchGrid({ ...image, patch });
  return tidy(() => {
    const { clean, output } = canPictures(config, forward, mask);
    const [truth, made] = [patchify(clean, patch), patchify(output, patch)];
    const every = ones([clean.shape[0], count]) as Tensor2D;
    const hidden = mask === undefined ? undefined : maskedWeights(mask);
    const visible = hidden === undefined ? every : (sub(every, hidden) as Tensor2D);
    return {
      ...(hidden && { hidden: weightedMeanSquaredError(made, truth, hidden) }),
      visible: weightedMeanSquaredError(made, truth, visible),
      noise: weightedMeanSquaredError(patchify(forward.noisy, patch), truth, visible),
    };
  });
}
