import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { expectOptions, refuse } from '@twocan/core';
import { encodeImages } from '@twocan/vit';
import type { CanConfig, Pooling } from './config.ts';
import { expectCanConfig, expectCanParams } from './expect.ts';
import { poolTokens } from './forward.ts';
import type { CanParams } from './params.ts';

const POOLS: readonly Pooling[] = ['patches', 'all', 'cls', 'both'];

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
  options: { readonly pool?: Pooling } = {},
): (params: Pick<CanParams, 'encoder'>, images: Tensor4D) => Tensor2D {
  expectCanConfig('encode', config);
  expectOptions('encode', 'options', options, [], ['pool']);
  const { pool = config.pool } = options;
  if (!POOLS.includes(pool)) refuse('encode', 'pool', `be one of ${POOLS.join(', ')}`, pool);
  return (params, images) => {
    expectCanParams('encode', params);
    return tidy(() => poolTokens(encodeImages(params.encoder, config.encoder, images), pool));
  };
}
