import { add, concat, slice, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  expectKey,
  expectParams,
  expectRank,
  expectShape,
  expectType,
  fold,
  type Key,
} from '@twocan/core';
import {
  type BlockParams,
  type DenseParams,
  dense,
  initBlock,
  initDense,
  initNorm,
  layerNorm,
  type NormParams,
  transformerBlock,
} from '@twocan/nn';
import {
  type DecoderConfig,
  expectTransformer,
  expectViTConfig,
  patchShape,
  type ViTConfig,
} from './config.ts';
import { initToken, positions } from './encoder.ts';

/** The decoder's parameters; fixed positions are computed, not stored. */
export type DecoderParams = {
  /** From encoder to decoder width, `[D, E]`. */
  readonly embed: DenseParams;
  /** The mask token, in place of each hidden patch, `[1, 1, E]`. */
  readonly mask: Tensor;
  /** Positions of the class token and the patches `[1, 1 + N, E]`, as weights from elsewhere have them; absent for fixed ones. */
  readonly positions?: Tensor;
  readonly blocks: readonly BlockParams[];
  readonly norm: NormParams;
  /** From decoder width to the pixels of a patch, `[E, P]`. */
  readonly head: DenseParams;
};

/**
 * Parameters of a light decoder.
 *
 * @param key where the numbers come from; parts fold it by name
 * @param config the encoder that it follows
 * @param decoder the decoder
 * @returns projection, mask token, blocks, final norm and head
 * @example
 * const { encoder, decoder } = preset('tiny32');
 * const params = initDecoder(key(0), encoder, decoder);
 *
 * He et al., arXiv 2111.06377.
 */
export function initDecoder(key: Key, config: ViTConfig, decoder: DecoderConfig): DecoderParams {
  expectKey('initDecoder', 'key', key);
  expectViTConfig('initDecoder', config);
  expectTransformer('initDecoder', 'decoder', decoder);
  const { width, depth, mlpRatio } = decoder;
  return {
    embed: initDense(fold(key, 'embed'), { in: config.width, out: width }),
    mask: initToken(fold(key, 'mask'), width),
    blocks: Array.from({ length: depth }, (_, i) =>
      initBlock(fold(fold(key, 'blocks'), i), { width, mlpRatio }),
    ),
    norm: initNorm({ width }),
    head: initDense(fold(key, 'head'), { in: width, out: patchShape(config).pixels }),
  };
}

/**
 * Encoded tokens in the decoder's width.
 *
 * @param params the decoder's
 * @param encoded `[B, 1 + K, D]`
 * @returns `[B, 1 + K, E]`
 * @throws RangeError if the width does not fit
 * @example
 * embedForDecoder(params, encodeTokens(encoder, config, visible));
 */
export function embedForDecoder(params: Pick<DecoderParams, 'embed'>, encoded: Tensor3D): Tensor3D {
  expectParams('embedForDecoder', 'params', params, ['embed']);
  expectRank('embedForDecoder', 'encoded', encoded, 3);
  return tidy(() => dense(params.embed, encoded) as Tensor3D);
}

/**
 * Decodes a full sequence into pixels: positions, blocks, norm, head; the class token is dropped.
 *
 * @param params the decoder's
 * @param config the encoder that it follows, for grid, channels and ε
 * @param decoder the decoder
 * @param tokens `[B, 1 + N, E]`: the class token, then every patch in its place
 * @returns `[B, N, P]`
 * @throws RangeError if the tokens are not 1 + N of width E
 * @example
 * decodeTokens(params, config, decoder, sequence); // [B, 64, 48] for tiny32
 */
export function decodeTokens(
  params: Omit<DecoderParams, 'mask'>,
  config: ViTConfig,
  decoder: DecoderConfig,
  tokens: Tensor3D,
): Tensor3D {
  expectViTConfig('decodeTokens', config);
  expectTransformer('decodeTokens', 'decoder', decoder);
  expectParams('decodeTokens', 'params', params, ['blocks', 'norm', 'head']);
  expectType('decodeTokens', 'params.blocks', params.blocks, Array);
  const { patches } = patchShape(config);
  expectShape('decodeTokens', 'tokens', tokens, [null, 1 + patches, decoder.width]);
  const [batch, , width] = tokens.shape;
  const { heads } = decoder;
  return tidy(() => {
    const placed = withPositions(params.positions, config, tokens);
    const decoded = params.blocks.reduce(
      (x, block) => transformerBlock(block, { heads, epsilon: config.epsilon }, x),
      placed,
    );
    const kept = slice(decoded, [0, 1, 0], [batch, patches, width]);
    return dense(params.head, layerNorm(params.norm, kept, config.epsilon)) as Tensor3D;
  });
}

/** Fixed positions leave the class token as it is; learned ones have a row for it. */
function withPositions(learned: Tensor | undefined, config: ViTConfig, tokens: Tensor3D): Tensor3D {
  const [batch, count, width] = tokens.shape;
  if (learned !== undefined) {
    expectShape('decodeTokens', 'params.positions', learned, [1, count, width]);
    return add(tokens, learned) as Tensor3D;
  }
  const cls = slice(tokens, [0, 0, 0], [batch, 1, width]);
  const rest = slice(tokens, [0, 1, 0], [batch, count - 1, width]);
  return concat([cls, add(rest, positions(config, width)) as Tensor3D], 1);
}
