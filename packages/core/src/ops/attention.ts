import {
  concat,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  transpose,
} from '@tensorflow/tfjs-core';
import { expectShape } from '../shape.ts';
import { defineOp } from './define.ts';

/**
 * `[B, N, 3D]` as queries, keys and values `[B, H, N, D/H]`: one transpose of rank 4 (rank 5 has no
 * fast kernel on stock wasm) and three contiguous slices.
 */
function splitHeads(qkv: Tensor, heads: number): [q: Tensor, k: Tensor, v: Tensor] {
  const [batch = 0, tokens = 0, width = 0] = qkv.shape;
  const size = width / 3 / heads;
  const byHead = transpose(reshape(qkv, [batch, tokens, 3 * heads, size]), [0, 2, 1, 3]);
  const flat = reshape(byHead, [batch, 3, heads * tokens * size]);
  const part = (i: number): Tensor =>
    reshape(slice(flat, [0, i, 0], [batch, 1, heads * tokens * size]), [
      batch,
      heads,
      tokens,
      size,
    ]);
  return [part(0), part(1), part(2)];
}

/** `[B, G, N, S]` as `[B, N, G·S]`. */
function mergeHeads(x: Tensor): Tensor {
  const [batch = 0, groups = 0, tokens = 0, size = 0] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, groups * size]);
}

const op = defineOp<{ heads: number }>({
  name: 'attention',
  inputs: ['qkv'],
  forward: ([qkv], _, { heads }) => {
    const [q, k, v] = splitHeads(qkv as Tensor, heads);
    const scale = 1 / Math.sqrt(q.shape[3] ?? 1);
    const weights = softmax(matMul(mul(q, scale), k, false, true));
    const y = matMul(weights, v);
    return [mergeHeads(y), q, k, v, weights];
  },
  backward: (dy, _inputs, _constants, [query, key, value, attention], { heads }) => {
    const [q, k, v, weights] = [query, key, value, attention] as [Tensor, Tensor, Tensor, Tensor];
    const [batch = 0, , tokens = 0, size = 0] = q.shape;
    const scale = 1 / Math.sqrt(size);
    const d = transpose(reshape(dy, [batch, tokens, heads, size]), [0, 2, 1, 3]);
    const weighted = mul(matMul(d, v, false, true), weights);
    const dScores = mul(sub(weighted, mul(weights, sum(weighted, -1, true))), scale);
    const dq = matMul(dScores, k);
    const dk = matMul(dScores, q, true, false);
    const dv = matMul(weights, d, true, false);
    return [mergeHeads(concat([dq, dk, dv], 1))];
  },
});

/**
 * Multi-head self-attention, softmax(q·kᵀ/√(D/H))·v for each head, of a packed projection.
 *
 * @param qkv `[B, N, 3D]`: queries, keys, values, each `[H, D/H]` on the last axis
 * @param heads H; divides D
 * @returns `[B, N, D]`, heads side by side
 * @throws RangeError if `qkv` is not of rank 3 or its width is not a multiple of 3·H
 * @example
 * attention(ones([2, 5, 3 * 8]), 2); // [2, 5, 8]
 *
 * Vaswani et al., arXiv 1706.03762, equation 1.
 */
export function attention(qkv: Tensor3D, heads: number): Tensor3D {
  expectShape('attention', 'qkv', qkv, [null, null, null]);
  if (!Number.isInteger(heads) || heads < 1 || qkv.shape[2] % (3 * heads) !== 0) {
    throw new RangeError(
      `attention: the width of qkv must be a multiple of 3·heads, got ${qkv.shape[2]} for ${heads} heads`,
    );
  }
  return op([qkv], [], { heads }) as Tensor3D;
}
