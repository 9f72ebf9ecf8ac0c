import {
  add,
  matMul,
  mul,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { expectShape, expectTensor } from '@twocan/core';
import { defineOp } from './define.ts';
import { geluSlope, normalCdf } from './gelu.ts';
import { flattenRows, sumRows } from './rows.ts';

type Line = { readonly x: Tensor; readonly kernel: Tensor2D; readonly bias: Tensor1D };

/** x·W of all rows, `[M, O]`. */
const product = (x: Tensor, kernel: Tensor2D): Tensor2D => matMul(flattenRows(x), kernel);

const like = (x: Tensor, y: Tensor2D): Tensor => reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);

/** dx = d·Wᵀ */
const inputGradient = (d: Tensor2D, x: Tensor, kernel: Tensor2D): Tensor =>
  reshape(matMul(d, kernel, false, true), x.shape);

/** dW = xᵀ·d */
const kernelGradient = (d: Tensor2D, x: Tensor): Tensor2D => matMul(flattenRows(x), d, true);

const withBias = defineOp({
  name: 'linear',
  inputs: ['x', 'kernel', 'bias'],
  forward: ({ x, kernel, bias }: Line) => ({ y: like(x, add(product(x, kernel), bias)) }),
  backward: ({ dy, x, kernel }) => {
    const d = flattenRows(dy);
    return { x: inputGradient(d, x, kernel), kernel: kernelGradient(d, x), bias: sumRows(d) };
  },
});

const withoutBias = defineOp({
  name: 'linearNoBias',
  inputs: ['x', 'kernel'],
  forward: ({ x, kernel }: Omit<Line, 'bias'>) => ({ y: like(x, product(x, kernel)) }),
  backward: ({ dy, x, kernel }) => {
    const d = flattenRows(dy);
    return { x: inputGradient(d, x, kernel), kernel: kernelGradient(d, x) };
  },
});

const onData = defineOp({
  name: 'linearOnData',
  inputs: ['kernel', 'bias'],
  forward: ({ x, kernel, bias }: Line) => ({ y: like(x, add(product(x, kernel), bias)) }),
  backward: ({ dy, x }) => {
    const d = flattenRows(dy);
    return { kernel: kernelGradient(d, x), bias: sumRows(d) };
  },
});

const withGelu = defineOp({
  name: 'linearGelu',
  inputs: ['x', 'kernel', 'bias'],
  forward: ({ x, kernel, bias }: Line) => {
    const z = add(product(x, kernel), bias) as Tensor2D;
    const cdf = normalCdf(z);
    return { y: like(x, mul(z, cdf)), z, cdf };
  },
  backward: ({ dy, x, kernel, z, cdf }) => {
    const d = mul(flattenRows(dy), geluSlope(z, cdf)) as Tensor2D;
    return { x: inputGradient(d, x, kernel), kernel: kernelGradient(d, x), bias: sumRows(d) };
  },
});

function check(caller: string, x: Tensor, kernel: Tensor2D, bias?: Tensor1D): void {
  expectTensor(caller, 'x', x);
  expectShape(caller, 'kernel', kernel, [x.shape[x.rank - 1] ?? 0, null]);
  if (bias !== undefined) expectShape(caller, 'bias', bias, [kernel.shape[1]]);
}

/**
 * A linear map of the last axis, y = x·W + b.
 *
 * @param x `[..., I]`
 * @param kernel `[I, O]`
 * @param bias `[O]`, or none
 * @returns `[..., O]`
 * @throws RangeError if the shapes do not fit
 * @example
 * linear(ones([2, 3]), ones([3, 4]), zeros([4])); // [2, 4] of threes
 */
export function linear(x: Tensor, kernel: Tensor2D, bias?: Tensor1D): Tensor {
  check('linear', x, kernel, bias);
  return bias === undefined ? withoutBias({ x, kernel }, {}) : withBias({ x, kernel, bias }, {});
}

/**
 * {@link linear} of data: no gradient for `x` is computed, which saves a third of the work.
 *
 * @param x `[..., I]`, data
 * @param kernel `[I, O]`
 * @param bias `[O]`
 * @returns `[..., O]`
 * @throws RangeError if the shapes do not fit
 * @example
 * linearOnData(patches, kernel, bias); // [B, N, D]
 */
export function linearOnData(x: Tensor, kernel: Tensor2D, bias: Tensor1D): Tensor {
  check('linearOnData', x, kernel, bias);
  return onData({ x, kernel, bias }, {});
}

/**
 * A linear map followed by GELU, as one operation: gelu(x·W + b).
 *
 * @param x `[..., I]`
 * @param kernel `[I, O]`
 * @param bias `[O]`
 * @returns `[..., O]`
 * @throws RangeError if the shapes do not fit
 * @example
 * linearGelu(ones([2, 3]), ones([3, 4]), zeros([4]));
 */
export function linearGelu(x: Tensor, kernel: Tensor2D, bias: Tensor1D): Tensor {
  check('linearGelu', x, kernel, bias);
  return withGelu({ x, kernel, bias }, {});
}
