import {
  div,
  mean,
  mul,
  reshape,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';
import { expectInteger, expectRank, expectShape } from '@twocan/core';
import { defineOp } from './define.ts';

const op = defineOp<Record<string, never>>({
  name: 'weightedMeanSquaredError',
  inputs: ['prediction'],
  constants: ['target', 'weights'],
  forward: ([prediction], [target, weights]) => {
    const byPatch = mean(square(sub(prediction as Tensor, target as Tensor)), 2);
    return [div(sum(mul(byPatch, weights as Tensor)), sum(weights as Tensor))];
  },
  backward: (dy, [prediction], [target, weights]) => {
    const { shape } = prediction as Tensor;
    const [batch = 0, patches = 0, pixels = 0] = shape;
    const share = mul(div(mul(dy, 2 / pixels), sum(weights as Tensor)), weights as Tensor);
    const error = sub(prediction as Tensor, target as Tensor);
    return [mul(error, reshape(share, [batch, patches, 1]))];
  },
});

/**
 * Squared error averaged over pixels and, by weight, over patches; a gradient for the prediction only.
 *
 * L = Σ_bn w_bn · mean_p (prediction - target)² / Σ_bn w_bn
 *
 * @param prediction `[B, N, P]`
 * @param target `[B, N, P]`, data
 * @param weights `[B, N]`, data, ≥ 0 and not all zero
 * @returns a scalar ≥ 0
 * @throws RangeError if the shapes do not fit
 * @example
 * weightedMeanSquaredError(predicted, patches, maskedWeights(mask));
 *
 * He et al., arXiv 2111.06377: the loss of the masked autoencoder.
 */
export function weightedMeanSquaredError(
  prediction: Tensor3D,
  target: Tensor3D,
  weights: Tensor2D,
): Scalar {
  expectRank('weightedMeanSquaredError', 'prediction', prediction, 3);
  expectInteger('weightedMeanSquaredError', 'the size of prediction', prediction.size);
  expectShape('weightedMeanSquaredError', 'target', target, prediction.shape);
  expectShape('weightedMeanSquaredError', 'weights', weights, prediction.shape.slice(0, 2));
  return op([prediction], [target, weights], {}) as Scalar;
}
