import { mul, slice, type Tensor, type Tensor3D, tensor3d, zeros } from '@tensorflow/tfjs-core';
import { restoreTokens } from '@twocan/masking';
import { type DenseParams, dense } from '@twocan/nn';
import { type CanConfig, choicesOf } from './config.ts';
import type { Draws } from './parts.ts';

/**
 * The noise of visible patches by one linear map of their encoded tokens, `[M, N, P]`; 0 at hidden patches.
 *
 * The level's code has no place here: through a linear map it adds the same values to every patch of an image, and noise
 * has mean 0 at every level.
 */
export function predictNoise(
  config: CanConfig,
  denoiser: DenseParams,
  encoded: Tensor3D,
  { mask, levels }: Draws,
): Tensor3D {
  const [images, tokens, width] = encoded.shape;
  const predicted = dense(denoiser, slice(encoded, [0, 1, 0], [images, tokens - 1, width]));
  const each: Tensor =
    choicesOf(config).target === 'unit' && levels
      ? mul(predicted, tensor3d(levels, [images, 1, 1]))
      : predicted;
  if (mask === undefined) return each as Tensor3D;
  return restoreTokens(each as Tensor3D, zeros([1, 1, each.shape[2] ?? 0]), mask);
}
