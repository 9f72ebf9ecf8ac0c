import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectParams,
  fold,
  type Key,
} from '@twocan/core';
import { linearGelu } from '@twocan/ops';
import { type DenseParams, dense, initDense } from './dense.ts';

/** Two dense layers with GELU between. */
export type MlpParams = {
  /** `[D, R·D]` */
  readonly hidden: DenseParams;
  /** `[R·D, D]` */
  readonly out: DenseParams;
};

/** The sizes of an MLP. */
export type MlpConfig = {
  /** D, the width of what comes in and goes out. */
  readonly width: number;
  /** R, the hidden width over D; 4 where it is left out. R·D is rounded. */
  readonly mlpRatio?: number;
};

/**
 * Draws the MLP of a transformer block.
 *
 * @param key folded by `hidden` and `out`
 * @param config width and ratio
 * @returns fresh parameters
 * @throws RangeError if a width is not a positive integer
 * @example
 * const params = initMlp(key(0), { width: 96, mlpRatio: 4 });
 */
export function initMlp(key: Key, config: MlpConfig): MlpParams {
  expectKey('initMlp', 'key', key);
  expectOptions('initMlp', 'config', config, ['width'], ['mlpRatio']);
  const { width, mlpRatio = 4 } = config;
  expectInteger('initMlp', 'width', width);
  expectNumber('initMlp', 'mlpRatio', mlpRatio, 'be positive', (x) => x > 0 && x < Infinity);
  const hidden = expectInteger('initMlp', 'width times mlpRatio', Math.round(width * mlpRatio));
  return {
    hidden: initDense(fold(key, 'hidden'), { in: width, out: hidden }),
    out: initDense(fold(key, 'out'), { in: hidden, out: width }),
  };
}

/**
 * The MLP of a transformer block, out(gelu(hidden(x))), with the exact GELU.
 *
 * @param params from {@link initMlp}
 * @param x `[..., D]`
 * @returns `[..., D]`
 * @throws RangeError if the shapes do not fit
 * @example
 * mlp(initMlp(key(0), { width: 8 }), ones([2, 5, 8])); // [2, 5, 8]
 */
export function mlp(params: MlpParams, x: Tensor): Tensor {
  expectParams('mlp', 'params', params, ['hidden', 'out']);
  const { kernel, bias } = params.hidden;
  return tidy(() => dense(params.out, linearGelu(x, kernel, bias)));
}
