import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { expectShape } from '@twocan/core';
import { gatherTokens, scatterTokens } from '@twocan/ops';
import { expectMask, type Mask } from './sample.ts';

/**
 * The tokens that a mask keeps, in the mask's order.
 *
 * @param tokens `[B, N, D]`
 * @param mask for B images of N tokens
 * @returns `[B, K, D]`
 * @throws RangeError if the tokens do not fit the mask
 * @example
 * keepTokens(tokens, mask); // [B, 32, D]
 */
export function keepTokens(tokens: Tensor3D, mask: Mask): Tensor3D {
  expectMask('keepTokens', mask);
  expectShape('keepTokens', 'tokens', tokens, [mask.batch, mask.patches, null]);
  return tidy(() => gatherTokens(tokens, mask.keep, mask.kept));
}

/**
 * Puts kept tokens back in their places, with a mask token in all others.
 *
 * @param tokens `[B, K, D]`, in the mask's order
 * @param maskToken `[1, 1, D]`
 * @param mask for B images of N tokens
 * @returns `[B, N, D]`
 * @throws RangeError if the tokens do not fit the mask
 * @example
 * restoreTokens(keepTokens(tokens, mask), maskToken, mask); // [B, N, D]
 */
export function restoreTokens(tokens: Tensor3D, maskToken: Tensor, mask: Mask): Tensor3D {
  expectMask('restoreTokens', mask);
  expectShape('restoreTokens', 'tokens', tokens, [mask.batch, mask.kept, null]);
  expectShape('restoreTokens', 'maskToken', maskToken, [1, 1, tokens.shape[2]]);
  return tidy(() => scatterTokens(tokens, maskToken, mask.restore, mask.patches));
}
