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
  transpose,
} from '@tensorflow/tfjs-core';
import type { Kernels } from '../kernels.ts';
import { batchProduct, rowOf } from './products.ts';

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

type Parts = [q: Tensor3D, k: Tensor3D, v: Tensor3D];

const factor = (q: Tensor3D): number => 1 / Math.sqrt(q.shape[2]);

const weightsOf = (q: Tensor3D, k: Tensor3D): Tensor3D =>
  softmax(batchProduct(mul(q, factor(q)), k, false, true));

/** Attention by products of whole heads; it keeps queries, keys, values and weights. */
export const attentionKernels: Kernels = {
  'twocan.attention': ({ qkv }, attributes) => {
    const [q, k, v] = splitHeads(qkv, 3, attributes.heads as number) as Parts;
    const weights = weightsOf(q, k);
    return [mergeHeads([batchProduct(weights, v)], qkv.shape[0] ?? 1), q, k, v, weights];
  },
  'twocan.attention.gradient': (tensors, attributes) => {
    const {
      dy,
      residual0: q,
      residual1: k,
      residual2: v,
      residual3: weights,
    } = tensors as never as {
      readonly [name in 'dy' | 'residual0' | 'residual1' | 'residual2' | 'residual3']: Tensor3D;
    };
    const [d] = splitHeads(dy, 1, attributes.heads as number) as [Tensor3D];
    const weighted = mul(batchProduct(d, v, false, true), weights);
    const centred = sub(weighted, mul(weights, sum(weighted, -1, true)));
    const dScores = mul(centred, factor(q)) as Tensor3D;
    const dq = batchProduct(dScores, k);
    const dk = batchProduct(dScores, q, true, false);
    const dv = batchProduct(weights, d, true, false);
    return [mergeHeads([dq, dk, dv], dy.shape[0])];
  },
  'twocan.attentionWeights': ({ qkv }, attributes) => {
    const [batch = 0, tokens = 0] = qkv.shape;
    const heads = attributes.heads as number;
    const [q, k] = splitHeads(qkv, 3, heads) as Parts;
    const byHead = reshape(weightsOf(q, k), [heads, batch, tokens, tokens]);
    return [transpose(byHead, [1, 0, 2, 3])];
  },
};
