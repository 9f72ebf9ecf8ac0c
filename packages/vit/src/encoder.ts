import {
  add,
  concat,
  mul,
  ones,
  reshape,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  expectKey,
  expectParams,
  expectShape,
  expectType,
  fold,
  type Key,
  normal,
} from '@twocan/core';
import {
  type BlockParams,
  type BranchScales,
  type DenseParams,
  initBlock,
  initDense,
  initNorm,
  layerNorm,
  type NormParams,
  transformerBlock,
} from '@twocan/nn';
import { linearOnData } from '@twocan/ops';
import { patchGrid, patchify, sincosPositions } from '@twocan/patches';
import { expectViTConfig, patchShape, type ViTConfig } from './config.ts';

/** The encoder's parameters; fixed positions are computed, not stored. */
export type EncoderParams = {
  /** Patch projection `[P, D]`. */
  readonly patch: DenseParams;
  /** Learned positions of the patches `[1, N, D]`, as weights from elsewhere have them; absent for fixed ones. */
  readonly positions?: Tensor;
  /** Class token `[1, 1, D]`. */
  readonly cls: Tensor;
  readonly blocks: readonly BlockParams[];
  readonly norm: NormParams;
};

/**
 * A learned token drawn from N(0, 0.02²).
 *
 * @param key where the numbers come from
 * @param width D
 * @returns `[1, 1, D]`
 * @example
 * initToken(key(0), 8);
 */
export function initToken(key: Key, width: number): Tensor3D {
  return tensor3d(
    normal(key, width).map((z) => 0.02 * z),
    [1, 1, width],
  );
}

/**
 * Parameters of an encoder, initialised as the masked autoencoder's.
 *
 * @param key where the numbers come from; parts fold it by name
 * @param config the encoder
 * @returns patch projection, class token, blocks and final norm
 * @throws RangeError if the patch does not divide the image
 * @example
 * const params = initEncoder(key(0), preset('tiny32').encoder);
 */
export function initEncoder(key: Key, config: ViTConfig): EncoderParams {
  expectKey('initEncoder', 'key', key);
  expectViTConfig('initEncoder', config);
  const { width, depth, mlpRatio } = config;
  return {
    patch: initDense(fold(key, 'patch'), { in: patchShape(config).pixels, out: width }),
    cls: initToken(fold(key, 'cls'), width),
    blocks: Array.from({ length: depth }, (_, i) =>
      initBlock(fold(fold(key, 'blocks'), i), { width, mlpRatio }),
    ),
    norm: initNorm({ width }),
  };
}

/** The fixed positions of an encoder's or decoder's patches, `[1, N, D]`. */
export function positions(config: ViTConfig, width: number): Tensor3D {
  const { rows, columns, count } = patchGrid({ ...config.image, patch: config.patch });
  return tensor3d(sincosPositions({ rows, columns, width }), [1, count, width]);
}

/**
 * Images as tokens: patches, projected, with positions added: learned ones where the parameters have them,
 * else the fixed ones. The images are data, so no gradient reaches them.
 *
 * @param params the encoder's
 * @param config the encoder
 * @param images `[B, H, W, C]`, normalised pixels
 * @returns `[B, N, D]`
 * @throws RangeError if the images, or learned positions, are not of the config's size
 * @example
 * embedPatches(params, config, images); // [B, 64, 192] for tiny32
 */
export function embedPatches(
  params: Pick<EncoderParams, 'patch' | 'positions'>,
  config: ViTConfig,
  images: Tensor4D,
): Tensor3D {
  expectViTConfig('embedPatches', config);
  expectParams('embedPatches', 'params', params, ['patch']);
  const { height, width } = config.image;
  expectShape('embedPatches', 'images', images, [null, height, width, config.channels]);
  return tidy(() => {
    const { kernel, bias } = params.patch;
    const tokens = linearOnData(patchify(images, config.patch), kernel, bias);
    const learned = params.positions;
    if (learned === undefined) return add(tokens, positions(config, config.width)) as Tensor3D;
    const [, patches = 0, dimension = 0] = tokens.shape;
    expectShape('embedPatches', 'params.positions', learned, [1, patches, dimension]);
    return add(tokens, learned) as Tensor3D;
  });
}

/** The class token in front of each image's tokens; its position is zero. */
function withCls(cls: Tensor, tokens: Tensor3D): Tensor3D {
  const [batch, , width] = tokens.shape;
  expectShape('encodeTokens', 'params.cls', cls, [1, 1, width]);
  // A broadcast product: tile has a slow kernel and a slower gradient on stock wasm.
  return concat([mul(ones([batch, 1, 1]), reshape(cls, [1, 1, width])) as Tensor3D, tokens], 1);
}

/**
 * Runs tokens through the encoder: class token, blocks, final norm.
 *
 * @param params the encoder's
 * @param config the encoder
 * @param tokens `[B, K, D]`, all patches or the visible ones
 * @returns `[B, 1 + K, D]`, the class token first
 * @throws RangeError if the tokens are not D wide
 * @example
 * encodeTokens(params, config, keepTokens(embedPatches(params, config, images), mask));
 *
 * Dosovitskiy et al., arXiv 2010.11929.
 */
export function encodeTokens(params: EncoderParams, config: ViTConfig, tokens: Tensor3D): Tensor3D {
  expectViTConfig('encodeTokens', config);
  expectParams('encodeTokens', 'params', params, ['cls', 'blocks', 'norm']);
  expectShape('encodeTokens', 'tokens', tokens, [null, null, config.width]);
  return tidy(() => {
    const encoded = encodeBlocks(params, config, tokens);
    return layerNorm(params.norm, encoded, config.epsilon) as Tensor3D;
  });
}

/** Class token and blocks, without the final norm; each block with its factors where there are some. */
export function encodeBlocks(
  params: Pick<EncoderParams, 'cls' | 'blocks'>,
  { heads, epsilon }: ViTConfig,
  tokens: Tensor3D,
  paths?: readonly BranchScales[],
): Tensor3D {
  expectType('encodeTokens', 'params.blocks', params.blocks, Array);
  return params.blocks.reduce(
    (x, block, i) => transformerBlock(block, { heads, epsilon, branches: paths?.[i] }, x),
    withCls(params.cls, tokens),
  );
}

/**
 * Encodes whole images: what is used after pretraining.
 *
 * @param params the encoder's
 * @param config the encoder
 * @param images `[B, H, W, C]`, normalised pixels
 * @returns `[B, 1 + N, D]`, the class token first
 * @throws RangeError if the images are not of the config's size
 * @example
 * encodeImages(params, config, images); // [B, 65, 192] for tiny32
 */
export function encodeImages(params: EncoderParams, config: ViTConfig, images: Tensor4D): Tensor3D {
  return tidy(() => encodeTokens(params, config, embedPatches(params, config, images)));
}

/** What an encoder computes on the way, `[B, 1 + N, D]` each. */
export type Intermediates = {
  /** After each block, before the final norm. */
  readonly blocks: readonly Tensor3D[];
  /** After the final norm. */
  readonly encoded: Tensor3D;
};

/**
 * Encodes whole images and keeps the tokens after each block.
 *
 * @param params the encoder's
 * @param config the encoder
 * @param images `[B, H, W, C]`, normalised pixels
 * @returns the tokens after each block and after the final norm; the caller disposes all
 * @throws RangeError if the images are not of the config's size
 * @example
 * const { blocks, encoded } = intermediates(params, config, images);
 */
export function intermediates(
  params: EncoderParams,
  config: ViTConfig,
  images: Tensor4D,
): Intermediates {
  expectViTConfig('intermediates', config);
  expectParams('intermediates', 'params', params, ['patch', 'cls', 'blocks', 'norm']);
  expectType('intermediates', 'params.blocks', params.blocks, Array);
  return tidy(() => {
    const blocks: Tensor3D[] = [];
    let x = withCls(params.cls, embedPatches(params, config, images));
    for (const block of params.blocks) {
      x = transformerBlock(block, { heads: config.heads, epsilon: config.epsilon }, x);
      blocks.push(x);
    }
    return { blocks, encoded: layerNorm(params.norm, x, config.epsilon) as Tensor3D };
  });
}
