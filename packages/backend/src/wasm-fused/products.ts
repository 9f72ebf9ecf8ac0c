import {
  concat,
  gatherND,
  matMul,
  reshape,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

// The stock wasm backend has one fast product: rank 2, nothing transposed (7 to 14 times the others).
// An explicit transpose costs a fifteenth of what it saves.

/** `a·bᵀ` for `[M, K]` and `[N, K]`. */
export const productTransposed = (a: Tensor2D, b: Tensor2D): Tensor2D => matMul(a, transpose(b));

/**
 * `aᵀ·b` for `[M, K]` and `[M, N]`, transposing the wider of the two: stock wasm repacks the right
 * side of every product, and repacking the wider costs as much as the product itself.
 */
export const transposedProduct = (a: Tensor2D, b: Tensor2D): Tensor2D =>
  a.shape[1] >= b.shape[1] ? matMul(transpose(a), b) : transpose(matMul(transpose(b), a));

const rowNumber = (i: number): Tensor2D => tensor2d([i], [1, 1], 'int32');

/** Row `i` of `[R, S]`. Not `slice`: on stock wasm that copies the whole of its input each time. */
export const rowOf = (x: Tensor2D, i: number): Tensor2D =>
  tidy(() => gatherND(x, rowNumber(i)) as Tensor2D);

/** `[G, M, N]` as `[G, N, M]`. */
const swap = (x: Tensor3D): Tensor3D => transpose(x, [0, 2, 1]);

// Below this many multiplications, calling a product costs stock wasm more than computing it slowly.
const WORTH_A_CALL = 50_000;

/**
 * The products of G pairs of matrices, `[G, M, K]·[G, K, N]`, either side transposed on request.
 *
 * Stock wasm computes a batched product 3 to 10 times slower than one after the other.
 */
export function batchProduct(
  a: Tensor3D,
  b: Tensor3D,
  transposeA = false,
  transposeB = false,
): Tensor3D {
  const [groups, rows, inner] = transposeA ? [a.shape[0], a.shape[2], a.shape[1]] : a.shape;
  const columns = b.shape[transposeB ? 1 : 2];
  if (rows * inner * columns < WORTH_A_CALL) {
    return matMul(a, b, transposeA, transposeB);
  }
  return tidy(() => {
    const left = reshape(transposeA ? swap(a) : a, [groups, rows * inner]) as Tensor2D;
    const right = reshape(transposeB ? swap(b) : b, [groups, inner * columns]) as Tensor2D;
    const product = (group: number): Tensor2D =>
      tidy(() => {
        const at = rowNumber(group);
        const [l, r] = [gatherND(left, at), gatherND(right, at)];
        return matMul(reshape(l, [rows, inner]) as Tensor2D, reshape(r, [inner, columns]));
      });
    const products = Array.from({ length: groups }, (_, group) => product(group));
    return reshape(concat(products, 0), [groups, rows, columns]);
  });
}
