import {
  div,
  mean,
  mul,
  reshape,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';
import { expectInteger, expectRank, expectShape } from '@twocan/core';
import { defineOp } from './define.ts';

type Weighted = {
  readonly prediction: Tensor3D;
  readonly target: Tensor3D;
  readonly weights: Tensor2D;
};

const op = defineOp({
  name: 'weightedMeanSquaredError',
  inputs: ['prediction'],
  forward: ({ prediction, target, weights }: Weighted) => {
    const byPatch = mean(square(sub(prediction, target)), 2);
    return { y: div(sum(mul(byPatch, weights)), sum(weights)) as Scalar };
  },
  backward: ({ dy, prediction, target, weights }) => {
    const [batch, patches, pixels] = prediction.shape;
    const share = mul(div(mul(dy, 2 / pixels), sum(weights)), weights);
    return { prediction: mul(sub(prediction, target), reshape(share, [batch, patches, 1])) };
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
  return op({ prediction, target, weights }, {});
}
