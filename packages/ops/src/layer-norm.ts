import {
  add,
  mean,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { expectEpsilon, expectShape, expectTensor } from '@twocan/core';
import { defineOp } from './define.ts';
import { flattenRows, sumRows } from './rows.ts';

type Norm = { readonly x: Tensor; readonly scale: Tensor1D; readonly bias: Tensor1D };

const op = defineOp({
  name: 'layerNorm',
  inputs: ['x', 'scale', 'bias'],
  forward: ({ x, scale, bias }: Norm, { epsilon }: { readonly epsilon: number }) => {
    const rows = flattenRows(x);
    const centred = sub(rows, mean(rows, 1, true));
    const inverseDeviation = rsqrt(add(mean(square(centred), 1, true), epsilon));
    const normalized = mul(centred, inverseDeviation) as Tensor2D;
    const y = reshape(add(mul(normalized, scale), bias), x.shape);
    return { y, normalized, inverseDeviation };
  },
  backward: ({ dy, scale, normalized, inverseDeviation }) => {
    const d = flattenRows(dy);
    const weighted = mul(d, normalized) as Tensor2D;
    const g = mul(d, scale);
    const along = mul(normalized, mean(mul(g, normalized), 1, true));
    const dx = mul(sub(sub(g, mean(g, 1, true)), along), inverseDeviation);
    return { x: reshape(dx, dy.shape), scale: sumRows(weighted), bias: sumRows(d) };
  },
});

/**
 * Layer normalisation of the last axis: (x - mean)/√(var + ε)·scale + bias, with the biased variance.
 *
 * @param x `[..., D]`, of magnitudes up to 10¹⁶: squares of larger ones may overflow float32
 * @param scale `[D]`
 * @param bias `[D]`
 * @param epsilon added to the variance; ViTs use 1e-6
 * @returns `[..., D]`
 * @throws RangeError if the shapes do not fit
 * @example
 * layerNorm(x, ones([8]), zeros([8]), 1e-6);
 *
 * Ba, Kiros & Hinton, arXiv 1607.06450.
 */
export function layerNorm(x: Tensor, scale: Tensor1D, bias: Tensor1D, epsilon = 1e-6): Tensor {
  expectTensor('layerNorm', 'x', x);
  expectEpsilon('layerNorm', epsilon);
  const width = x.shape[x.rank - 1] ?? 0;
  expectShape('layerNorm', 'scale', scale, [width]);
  expectShape('layerNorm', 'bias', bias, [width]);
  return op({ x, scale, bias }, { epsilon });
}
