import {
  concat,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor3D,
  type Tensor4D,
  transpose,
} from '@tensorflow/tfjs-core';
import { expectInteger, expectShape, refuse } from '@twocan/core';
import { defineOp } from './define.ts';

type Heads = { readonly heads: number };

/** `[B, N, D]` as `[B, H, N, D/H]`. */
function byHead(x: Tensor3D, heads: number): Tensor4D {
  const [batch, tokens, width] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]) as Tensor4D;
}

/** `[B, H, N, D/H]` as `[B, N, D]`. */
function together(x: Tensor4D): Tensor3D {
  const [batch, heads, tokens, size] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * size]);
}

/** Queries, keys and values of each head. */
function parts(qkv: Tensor3D, heads: number): [q: Tensor4D, k: Tensor4D, v: Tensor4D] {
  const [batch, tokens, width] = qkv.shape;
  const part = (i: number): Tensor4D =>
    byHead(slice(qkv, [0, 0, (i * width) / 3], [batch, tokens, width / 3]), heads);
  return [part(0), part(1), part(2)];
}

/** 1/√(D/H) */
const factor = (q: Tensor4D): number => 1 / Math.sqrt(q.shape[3]);

/** softmax(q·kᵀ/√(D/H)) */
const weightsOf = (q: Tensor4D, k: Tensor4D): Tensor4D =>
  softmax(matMul(mul(q, factor(q)) as Tensor4D, k, false, true));

const op = defineOp({
  name: 'attention',
  inputs: ['qkv'],
  forward: ({ qkv }: { readonly qkv: Tensor3D }, { heads }: Heads) => {
    const [q, k, v] = parts(qkv, heads);
    const weights = weightsOf(q, k);
    return { y: together(matMul(weights, v)), q, k, v, weights };
  },
  backward: ({ dy, q, k, v, weights }, { heads }) => {
    const d = byHead(dy as Tensor3D, heads);
    const weighted = mul(matMul(d, v, false, true), weights);
    const centred = sub(weighted, mul(weights, sum(weighted, -1, true)));
    const dScores = mul(centred, factor(q)) as Tensor4D;
    const dq: Tensor4D = matMul(dScores, k);
    const dk: Tensor4D = matMul(dScores, q, true);
    const dv: Tensor4D = matMul(weights, d, true);
    return { qkv: concat([dq, dk, dv].map(together), 2) };
  },
});

const weightsOp = defineOp({
  name: 'attentionWeights',
  outputs: ['weights'],
  forward: ({ qkv }: { readonly qkv: Tensor3D }, { heads }: Heads) => {
    const [q, k] = parts(qkv, heads);
    return { weights: weightsOf(q, k) };
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
  return op({ qkv }, { heads });
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
