import { ones, type Tensor, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { expectInteger, expectOptions, expectParams } from '@twocan/core';
import { batchNorm as batchNormOp, layerNorm as layerNormOp } from '@twocan/ops';

/** The learned part of a normalisation. */
export type NormParams = {
  /** `[D]` */
  readonly scale: Tensor1D;
  /** `[D]` */
  readonly bias: Tensor1D;
};

/** The size of a normalisation. */
export type NormConfig = {
  /** D, the width of the last axis. */
  readonly width: number;
};

/**
 * The parameters of a layer or batch normalisation: scale 1, bias 0.
 *
 * @param config the width
 * @returns fresh parameters
 * @throws RangeError if the width is not a positive integer
 * @example
 * const params = initNorm({ width: 96 });
 */
export function initNorm(config: NormConfig): NormParams {
  expectOptions('initNorm', 'config', config, ['width']);
  const size = expectInteger('initNorm', 'width', config.width);
  return { scale: ones([size]) as Tensor1D, bias: zeros([size]) as Tensor1D };
}

/**
 * Layer normalisation of the last axis, (x - mean)/√(var + ε)·scale + bias.
 *
 * @param params from {@link initNorm}
 * @param x `[..., D]`, of magnitudes up to 10¹⁶: squares of larger ones may overflow float32
 * @param epsilon added to the variance
 * @returns `[..., D]`
 * @throws RangeError if the shapes do not fit
 * @example
 * layerNorm(initNorm({ width: 3 }), tensor2d([[1, 2, 3]])); // about [[-1.22, 0, 1.22]]
 *
 * Ba, Kiros & Hinton, arXiv 1607.06450.
 */
export function layerNorm(params: NormParams, x: Tensor, epsilon = 1e-6): Tensor {
  expectParams('layerNorm', 'params', params, ['scale', 'bias']);
  return layerNormOp(x, params.scale, params.bias, epsilon);
}

/**
 * Batch normalisation by the statistics of this batch, as PyTorch in training mode.
 *
 * It keeps no running statistics: it serves projection heads, which are thrown away.
 *
 * @param params from {@link initNorm}
 * @param x `[B, D]`, of magnitudes up to 10¹⁶: squares of larger ones may overflow float32
 * @param epsilon added to the variance
 * @returns `[B, D]`
 * @throws RangeError if the shapes do not fit
 * @example
 * batchNorm(initNorm({ width: 1 }), tensor2d([[1], [3]])); // about [[-1], [1]]
 *
 * Ioffe & Szegedy, arXiv 1502.03167.
 */
export function batchNorm(params: NormParams, x: Tensor2D, epsilon = 1e-5): Tensor2D {
  expectParams('batchNorm', 'params', params, ['scale', 'bias']);
  return batchNormOp(x, params.scale, params.bias, epsilon);
}
