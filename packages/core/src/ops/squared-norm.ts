import { addN, type Scalar, scalar, square, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';

/**
 * The squared length of several tensors taken as one vector.
 *
 * @param tensors any shapes
 * @returns a scalar ≥ 0; 0 for no tensors
 * @example
 * squaredNorm([tensor1d([3]), tensor1d([4])]); // 25
 */
export function squaredNorm(tensors: readonly Tensor[]): Scalar {
  return tidy(() =>
    tensors.length === 0 ? scalar(0) : addN(tensors.map((t) => sum(square(t)) as Scalar)),
  );
}
