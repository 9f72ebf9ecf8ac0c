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
} from '@tensorflow/tfjs-core';
import { expectEpsilon, expectShape, expectTensor } from '@twocan/core';
import { defineOp } from './define.ts';
import { flattenRows, sumRows } from './gemm.ts';

const op = defineOp<{ epsilon: number }>({
  name: 'layerNorm',
  inputs: ['x', 'scale', 'bias'],
  forward: ([x, scale, bias], _, { epsilon }) => {
    const rows = flattenRows(x as Tensor);
    const centred = sub(rows, mean(rows, 1, true));
    const inverseDeviation = rsqrt(add(mean(square(centred), 1, true), epsilon));
    const normalized = mul(centred, inverseDeviation);
    const y = add(mul(normalized, scale as Tensor), bias as Tensor);
    return [reshape(y, (x as Tensor).shape), normalized, inverseDeviation];
  },
  backward: (dy, [, scale], _, [normalized, inverseDeviation]) => {
    const d = flattenRows(dy);
    const n = normalized as typeof d;
    const weighted = mul(d, n) as typeof d;
    const g = mul(d, scale as Tensor);
    const along = mul(n, mean(mul(g, n), 1, true));
    const dx = mul(sub(sub(g, mean(g, 1, true)), along), inverseDeviation as Tensor);
    return [reshape(dx, dy.shape), sumRows(weighted), sumRows(d)];
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
  return op([x, scale, bias], [], { epsilon });
}
