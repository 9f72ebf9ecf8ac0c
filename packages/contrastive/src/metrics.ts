import {
  add,
  exp,
  log,
  matMul,
  mean,
  mul,
  relu,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectInteger,
  expectRank,
  expectShape,
  solo,
} from '@twocan/core';
import { gatherRows, normalizeRows, sumOverRanks } from '@twocan/ops';

/**
 * How far apart the two views of an image lie on the unit sphere: `mean |uA − uB|²`, in [0, 4].
 *
 * @param zA embeddings of the first view, `[B, Z]`; rows are normalised inside
 * @param zB embeddings of the second view, `[B, Z]`
 * @returns a scalar, 0 when the views agree, 2 when they are unrelated
 * @throws RangeError if the shapes differ
 * @example
 * alignment(tensor2d([[1, 0]]), tensor2d([[0, 3]])).print(); // 2
 *
 * Wang & Isola, "Understanding contrastive representation learning", ICML 2020 (α = 2).
 */
export function alignment(zA: Tensor2D, zB: Tensor2D): Scalar {
  expectRank('alignment', 'zA', zA, 2);
  expectShape('alignment', 'zB', zB, zA.shape);
  expectInteger('alignment', 'the number of rows of zA', zA.shape[0]);
  return tidy(() => mean(sum(square(sub(normalizeRows(zA), normalizeRows(zB))), 1)) as Scalar);
}

/**
 * How evenly embeddings spread over the unit sphere: `log mean_{i≠j} exp(−2·|uᵢ − u_j|²)`.
 *
 * 0 means that all embeddings are one point (collapse); the more negative, the more even.
 *
 * @param z embeddings, `[M, Z]` with M ≥ 2; rows are normalised inside
 * @param communicator the ranks that have M rows each; one process by default
 * @returns a scalar in [−8, 0]
 * @throws RangeError if there are fewer than two embeddings
 * @example
 * uniformity(tensor2d([[1, 0], [0, 1]])).print(); // -4
 *
 * Wang & Isola, "Understanding contrastive representation learning", ICML 2020 (t = 2).
 */
export function uniformity(z: Tensor2D, communicator: Communicator = solo): Scalar {
  expectRank('uniformity', 'z', z, 2);
  expectCommunicator('uniformity', 'communicator', communicator);
  const rows = z.shape[0] * communicator.size;
  if (rows < 2) throw new RangeError(`uniformity: z must have at least 2 rows, got ${rows}`);
  expectInteger('uniformity', 'the width of z', z.shape[1]);
  return tidy(() => {
    const u = normalizeRows(z);
    const all = communicator.size === 1 ? u : gatherRows(u, communicator);
    // |a − b|² = |a|² + |b|² − 2·a·b, and |a|² is 1 on the sphere and 0 for a row of zeros; the diagonal
    // adds exp(0) for each row.
    const length = (of: Tensor): Tensor => sub(1, relu(sub(1, mul(sum(square(of), 1, true), 2))));
    const middle = mul(add(length(u), transpose(length(all))), 0.5);
    const kernel = exp(mul(sub(matMul(u, all, false, true), middle), 4));
    const own: Tensor = sum(kernel);
    const total = communicator.size === 1 ? own : sumOverRanks(own, communicator);
    const pairs = mul(add(total, -rows), 1 / (rows * (rows - 1)));
    return log(pairs) as Scalar;
  });
}
