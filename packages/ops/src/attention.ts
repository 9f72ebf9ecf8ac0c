import {
  concat,
  mul,
  reshape,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  transpose,
} from '@tensorflow/tfjs-core';
import { expectInteger, expectShape, refuse } from '@twocan/core';
import { defineOp } from './define.ts';
import { batchProduct, rowOf } from './gemm.ts';

/**
 * `[B, N, P·D]` as P tensors `[H·B, N, D/H]`: one transpose of rank 4 (rank 5 has no fast kernel on
 * stock wasm), heads first, so that each part is contiguous.
 */
function splitHeads(x: Tensor, parts: number, heads: number): Tensor3D[] {
  const [batch = 0, tokens = 0, width = 0] = x.shape;
  const size = width / parts / heads;
  const byHead = transpose(reshape(x, [batch, tokens, parts * heads, size]), [2, 0, 1, 3]);
  const byPart = reshape(byHead, [parts, heads * batch * tokens * size]) as Tensor2D;
  return Array.from({ length: parts }, (_, i) =>
    reshape(rowOf(byPart, i), [heads * batch, tokens, size]),
  );
}

/** P tensors `[H·B, N, D/H]` as `[B, N, P·D]`. */
function mergeHeads(parts: Tensor3D[], batch: number): Tensor {
  const stacked = concat(parts, 0);
  const [groups, tokens, size] = stacked.shape;
  const columns = groups / batch;
  const byHead = reshape(stacked, [columns, batch, tokens, size]);
  return reshape(transpose(byHead, [1, 2, 0, 3]), [batch, tokens, columns * size]);
}

type Heads = { readonly heads: number };
type Parts = [Tensor3D, Tensor3D, Tensor3D];

const op = defineOp({
  name: 'attention',
  inputs: ['qkv'],
  forward: ({ qkv }: { readonly qkv: Tensor3D }, { heads }: Heads) => {
    const [q, k, v] = splitHeads(qkv, 3, heads) as Parts;
    const scores = batchProduct(mul(q, 1 / Math.sqrt(q.shape[2])), k, false, true);
    const weights = softmax(scores);
    return { y: mergeHeads([batchProduct(weights, v)], qkv.shape[0]), q, k, v, weights };
  },
  backward: ({ dy, q, k, v, weights }, { heads }) => {
    const [d] = splitHeads(dy, 1, heads) as [Tensor3D];
    const weighted = mul(batchProduct(d, v, false, true), weights);
    const centred = sub(weighted, mul(weights, sum(weighted, -1, true)));
    const dScores = mul(centred, 1 / Math.sqrt(q.shape[2])) as Tensor3D;
    const dq = batchProduct(dScores, k);
    const dk = batchProduct(dScores, q, true, false);
    const dv = batchProduct(weights, d, true, false);
    return { qkv: mergeHeads([dq, dk, dv], dy.shape[0] ?? 1) };
  },
});

const weightsOp = defineOp({
  name: 'attentionWeights',
  outputs: ['weights'],
  forward: ({ qkv }: { readonly qkv: Tensor3D }, { heads }: Heads) => {
    const [batch, tokens] = qkv.shape;
    const [q, k] = splitHeads(qkv, 3, heads) as Parts;
    const scores = batchProduct(mul(q, 1 / Math.sqrt(q.shape[2])), k, false, true);
    const byHead = reshape(softmax(scores), [heads, batch, tokens, tokens]);
    return { weights: transpose(byHead, [1, 0, 2, 3]) as Tensor4D };
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
  expectHeads('attention', qkv, heads);
  return op({ qkv }, { heads }) as Tensor3D;
}

/**
 * What {@link attention} weighs values by, softmax(q·kᵀ/√(D/H)): how much each token looks at each.
 *
 * @param qkv `[B, N, 3D]`: queries, keys, values, each `[H, D/H]` on the last axis
 * @param heads H; divides D
 * @returns `[B, H, N, N]`: queries down, keys across; rows of sum 1
 * @throws RangeError if `qkv` is not of rank 3 or its width is not a multiple of 3·H
 * @example
 * attentionWeights(ones([2, 5, 3 * 8]), 2); // [2, 2, 5, 5], 0.2 everywhere
 */
export function attentionWeights(qkv: Tensor3D, heads: number): Tensor4D {
  expectHeads('attentionWeights', qkv, heads);
  return weightsOp({ qkv }, { heads }).weights;
}

function expectHeads(caller: string, qkv: Tensor3D, heads: number): void {
  expectShape(caller, 'qkv', qkv, [null, null, null]);
  if (qkv.size === 0) refuse(caller, 'qkv', 'hold a token', qkv);
  expectInteger(caller, 'heads', heads);
  if (qkv.shape[2] % (3 * heads) !== 0) {
    throw new RangeError(
      `${caller}: the width of qkv must be a multiple of 3·heads, got ${qkv.shape[2]} for ${heads} heads`,
    );
  }
}
