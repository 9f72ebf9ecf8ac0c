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
import { geluWithDerivative } from './gelu.ts';
import { flattenRows, productTransposed, sumRows, transposedProduct } from './gemm.ts';

type NoAttributes = Record<string, never>;

const rows = (x: Tensor, kernel: Tensor): Tensor2D => matMul(flattenRows(x), kernel as Tensor2D);

const like = (x: Tensor, y: Tensor2D): Tensor => reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);

const inputGradient = (dy: Tensor2D, x: Tensor, kernel: Tensor): Tensor =>
  reshape(productTransposed(dy, kernel as Tensor2D), x.shape);

const withBias = defineOp<NoAttributes>({
  name: 'linear',
  inputs: ['x', 'kernel', 'bias'],
  forward: ([x, kernel, bias]) => [
    like(x as Tensor, add(rows(x as Tensor, kernel as Tensor), bias as Tensor)),
  ],
  backward: (dy, [x, kernel]) => {
    const d = flattenRows(dy);
    return [
      inputGradient(d, x as Tensor, kernel as Tensor),
      transposedProduct(flattenRows(x as Tensor), d),
      sumRows(d),
    ];
  },
});

const withoutBias = defineOp<NoAttributes>({
  name: 'linearNoBias',
  inputs: ['x', 'kernel'],
  forward: ([x, kernel]) => [like(x as Tensor, rows(x as Tensor, kernel as Tensor))],
  backward: (dy, [x, kernel]) => {
    const d = flattenRows(dy);
    return [
      inputGradient(d, x as Tensor, kernel as Tensor),
      transposedProduct(flattenRows(x as Tensor), d),
    ];
  },
});

const onData = defineOp<NoAttributes>({
  name: 'linearOnData',
  inputs: ['kernel', 'bias'],
  constants: ['x'],
  forward: ([kernel, bias], [x]) => [
    like(x as Tensor, add(rows(x as Tensor, kernel as Tensor), bias as Tensor)),
  ],
  backward: (dy, _, [x]) => {
    const d = flattenRows(dy);
    return [transposedProduct(flattenRows(x as Tensor), d), sumRows(d)];
  },
});

const withGelu = defineOp<NoAttributes>({
  name: 'linearGelu',
  inputs: ['x', 'kernel', 'bias'],
  forward: ([x, kernel, bias]) => {
    const [y, derivative] = geluWithDerivative(
      add(rows(x as Tensor, kernel as Tensor), bias as Tensor),
    );
    return [like(x as Tensor, y as Tensor2D), derivative];
  },
  backward: (dy, [x, kernel], _, [derivative]) => {
    const d = mul(flattenRows(dy), derivative as Tensor2D) as Tensor2D;
    return [
      inputGradient(d, x as Tensor, kernel as Tensor),
      transposedProduct(flattenRows(x as Tensor), d),
      sumRows(d),
    ];
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
  return bias === undefined
    ? withoutBias([x, kernel], [], {})
    : withBias([x, kernel, bias], [], {});
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
  return onData([kernel, bias], [x], {});
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
  return withGelu([x, kernel, bias], [], {});
}
