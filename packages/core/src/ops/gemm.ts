import {
  matMul,
  ones,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core';

// The stock wasm backend has one fast product: rank 2, nothing transposed (14 times the others).
// An explicit transpose costs a fifteenth of what it saves.

/** `a·bᵀ` for `[M, K]` and `[N, K]`. */
export const productTransposed = (a: Tensor2D, b: Tensor2D): Tensor2D => matMul(a, transpose(b));

/** `aᵀ·b` for `[M, K]` and `[M, N]`, transposing the narrower of the two. */
export const transposedProduct = (a: Tensor2D, b: Tensor2D): Tensor2D =>
  a.shape[1] <= b.shape[1] ? matMul(transpose(a), b) : transpose(matMul(transpose(b), a));

/** The sum of the rows of `[M, N]` as `[N]`: a product with ones is 13 times faster than `sum`. */
export const sumRows = (x: Tensor2D): Tensor1D =>
  reshape(matMul(ones([1, x.shape[0]]) as Tensor2D, x), [x.shape[1]]);

/** `[..., D]` as `[M, D]`. */
export const flattenRows = (x: Tensor): Tensor2D =>
  reshape(x, [-1, x.shape[x.rank - 1] ?? 1]) as Tensor2D;
