import { type Tensor, type Tensor1D, type Tensor2D, tensor2d, zeros } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectKey,
  expectOptions,
  expectParams,
  fold,
  type Key,
  uniform,
} from '@twocan/core';
import { linear } from '@twocan/ops';

/** A linear map with an offset. */
export type DenseParams = {
  /** `[I, O]` */
  readonly kernel: Tensor2D;
  /** `[O]` */
  readonly bias: Tensor1D;
};

/** The sizes of a dense layer. */
export type DenseConfig = {
  /** I, the width of what comes in. */
  readonly in: number;
  /** O, the width of what goes out. */
  readonly out: number;
};

/**
 * Draws a dense layer: a Xavier-uniform kernel, U(-a, a) with a = √(6/(I + O)), and zero biases.
 *
 * @param key drawn from under the name `kernel`
 * @param config widths
 * @returns fresh parameters
 * @throws RangeError if a width is not a positive integer
 * @example
 * const params = initDense(key(0), { in: 48, out: 96 });
 *
 * Glorot & Bengio, AISTATS 2010; the initialisation of the masked autoencoder's public code.
 */
export function initDense(key: Key, config: DenseConfig): DenseParams {
  expectKey('initDense', 'key', key);
  expectOptions('initDense', 'config', config, ['in', 'out'], []);
  const rows = expectInteger('initDense', 'in', config.in);
  const columns = expectInteger('initDense', 'out', config.out);
  expectInteger('initDense', 'in times out', rows * columns);
  const bound = Math.sqrt(6 / (rows + columns));
  const values = uniform(fold(key, 'kernel'), rows * columns).map((u) => (2 * u - 1) * bound);
  return { kernel: tensor2d(values, [rows, columns]), bias: zeros([columns]) as Tensor1D };
}

/**
 * Applies a dense layer to the last axis, y = x·W + b.
 *
 * @param params from {@link initDense}
 * @param x `[..., I]`
 * @returns `[..., O]`
 * @throws RangeError if the shapes do not fit
 * @example
 * const y = dense(initDense(key(0), { in: 3, out: 4 }), ones([2, 3])); // [2, 4]
 */
export function dense(params: DenseParams, x: Tensor): Tensor {
  expectParams('dense', 'params', params, ['kernel', 'bias']);
  return linear(x, params.kernel, params.bias);
}
