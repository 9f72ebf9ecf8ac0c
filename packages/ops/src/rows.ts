import { reshape, sum, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';

/** `[..., D]` as `[M, D]`. */
export const flattenRows = (x: Tensor): Tensor2D =>
  reshape(x, [-1, x.shape[x.rank - 1] ?? 1]) as Tensor2D;

/** The sum of the rows of `[M, N]` as `[N]`. */
export const sumRows = (x: Tensor2D): Tensor1D => sum(x, 0);
