import { mean, slice, type Tensor3D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { expectOptions, expectParams, refuse } from '@twocan/core';
import { dense, layerNorm } from '@twocan/nn';
import { attentionWeights } from '@twocan/ops';
import { expectViTConfig, type ViTConfig } from './config.ts';
import { type EncoderParams, embedPatches, encodeBlocks } from './encoder.ts';

/** Which attention to return. */
export type AttentionQuery = {
  /** Which block, from 0; default the last one. */
  readonly block?: number;
  /** Who looks: the patches on average, as a mean-pooled feature has it, or the class token. */
  readonly from?: 'patches' | 'cls';
};

/**
 * How much each patch of an image is looked at, by each head of a block.
 *
 * @param params the encoder's
 * @param config the encoder
 * @param images `[B, H, W, C]`, normalised pixels
 * @param query which block, and who looks; default the patches of the last block
 * @returns `[B, heads, N]`; with what goes to the class token, each head's numbers sum to 1
 * @throws RangeError if the images are not of the config's size or there is no such block
 * @example
 * const maps = attentionMap(params, config, images, { from: 'cls' });
 */
export function attentionMap(
  params: Omit<EncoderParams, 'norm'>,
  config: ViTConfig,
  images: Tensor4D,
  query: AttentionQuery = {},
): Tensor3D {
  expectViTConfig('attentionMap', config);
  expectParams('attentionMap', 'params', params, ['patch', 'cls', 'blocks']);
  expectOptions('attentionMap', 'query', query, [], ['block', 'from']);
  const { block = config.depth - 1, from = 'patches' } = query;
  if (from !== 'patches' && from !== 'cls') {
    refuse('attentionMap', 'from', "be 'patches' or 'cls'", from);
  }
  const own = params.blocks[block];
  if (own === undefined) {
    throw new RangeError(
      `attentionMap: block must be one of 0 to ${params.blocks.length - 1}, got ${block}`,
    );
  }
  return tidy(() => {
    const before = { cls: params.cls, blocks: params.blocks.slice(0, block) };
    const tokens = encodeBlocks(before, config, embedPatches(params, config, images));
    const seen = layerNorm(own.norm1, tokens, config.epsilon);
    const weights = attentionWeights(dense(own.attention.qkv, seen) as Tensor3D, config.heads);
    const [batch, heads, count] = weights.shape;
    const [first, rows] = from === 'cls' ? [0, 1] : [1, count - 1];
    return mean(slice(weights, [0, 0, first, 1], [batch, heads, rows, count - 1]), 2) as Tensor3D;
  });
}
