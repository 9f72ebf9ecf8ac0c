import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expectMask, type Mask } from './sample.ts';

function weights(caller: string, mask: Mask, hidden: 0 | 1): Tensor2D {
  expectMask(caller, mask);
  const { batch, patches, kept, restore } = mask;
  // Mapped as integers: `Float32Array.from` with a function makes an object of each number.
  const weights = restore.map((rank) => (rank >= kept ? hidden : 1 - hidden));
  return tensor2d(new Float32Array(weights), [batch, patches]);
}

/**
 * 1 where a token is hidden, 0 where it is kept: the weights of a reconstruction loss.
 *
 * @param mask the mask
 * @returns `[B, N]`
 * @example
 * maskedWeights(sampleMask(key(0), { batch: 1, patches: 4, ratio: 0.5 })); // two ones, two zeros
 */
export function maskedWeights(mask: Mask): Tensor2D {
  return weights('maskedWeights', mask, 1);
}

/**
 * 1 where a token is kept, 0 where it is hidden: the weights of a denoising loss.
 *
 * @param mask the mask
 * @returns `[B, N]`
 * @example
 * visibleWeights(sampleMask(key(0), { batch: 1, patches: 4, ratio: 0.5 })); // two ones, two zeros
 */
export function visibleWeights(mask: Mask): Tensor2D {
  return weights('visibleWeights', mask, 0);
}
