import { type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectKey,
  expectOptions,
  expectParams,
  fold,
  type Key,
} from '@twocan/core';
import { attention } from '@twocan/ops';
import { type DenseParams, dense, initDense } from './dense.ts';

/** Self-attention: one packed projection in, one out. */
export type AttentionParams = {
  /** `[D, 3D]`: queries, keys and values, each `[H, D/H]`. */
  readonly qkv: DenseParams;
  /** `[D, D]` */
  readonly out: DenseParams;
};

/** The size of an attention layer. */
export type AttentionConfig = {
  /** D, the width of the tokens. */
  readonly width: number;
};

/** Options of attention. */
export type HeadsOption = {
  /** H; divides D. */
  readonly heads: number;
};

/**
 * Draws an attention layer. The packed projection is drawn as one `[D, 3D]` matrix.
 *
 * @param key folded by `qkv` and `out`
 * @param config the width
 * @returns fresh parameters
 * @throws RangeError if the width is not a positive integer
 * @example
 * const params = initAttention(key(0), { width: 96 });
 *
 * He et al., arXiv 2111.06377: the public code draws q, k and v as one matrix too.
 */
export function initAttention(key: Key, config: AttentionConfig): AttentionParams {
  expectKey('initAttention', 'key', key);
  expectOptions('initAttention', 'config', config, ['width']);
  const width = expectInteger('initAttention', 'width', config.width);
  return {
    qkv: initDense(fold(key, 'qkv'), { in: width, out: 3 * width }),
    out: initDense(fold(key, 'out'), { in: width, out: width }),
  };
}

/**
 * Multi-head self-attention, out(softmax(q·kᵀ/√(D/H))·v).
 *
 * @param params from {@link initAttention}
 * @param options the number of heads
 * @param x tokens, `[B, N, D]`
 * @returns `[B, N, D]`
 * @throws RangeError if the shapes do not fit or the heads do not divide the width
 * @example
 * multiHeadAttention(initAttention(key(0), { width: 8 }), { heads: 2 }, ones([2, 5, 8]));
 *
 * Vaswani et al., arXiv 1706.03762, section 3.2.
 */
export function multiHeadAttention(
  params: AttentionParams,
  options: HeadsOption,
  x: Tensor3D,
): Tensor3D {
  expectParams('multiHeadAttention', 'params', params, ['qkv', 'out']);
  expectOptions('multiHeadAttention', 'options', options, ['heads'], []);
  const { heads } = options;
  return tidy(
    () => dense(params.out, attention(dense(params.qkv, x) as Tensor3D, heads)) as Tensor3D,
  );
}
