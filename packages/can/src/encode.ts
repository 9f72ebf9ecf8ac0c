import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { encodeImages } from '@twocan/vit';
import type { CanConfig, Pooling } from './config.ts';
import { poolTokens } from './forward.ts';
import type { CanParams } from './params.ts';

/**
 * The features of whole images: no mask, no noise, no projector.
 *
 * @param config the method; its `pool` decides which tokens are averaged
 * @param options.pool another choice, such as 'cls'
 * @returns `(params, images) → features`, from `[B, H, W, C]` normalised pixels to `[B, D]`,
 *   or `[B, 2D]` for 'both'
 * @throws RangeError if the images do not fit the encoder
 * @example
 * const features = encode(config)(params, images);
 */
export function encode(
  config: CanConfig,
  { pool = config.pool }: { readonly pool?: Pooling } = {},
): (params: Pick<CanParams, 'encoder'>, images: Tensor4D) => Tensor2D {
  return ({ encoder }, images) =>
    tidy(() => poolTokens(encodeImages(encoder, config.encoder, images), pool));
}
