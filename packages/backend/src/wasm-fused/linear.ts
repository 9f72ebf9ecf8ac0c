import { add, matMul, mul, reshape, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Kernels, Named } from '../kernels.ts';
import { geluWithDerivative } from './gelu.ts';
import { productTransposed, transposedProduct } from './products.ts';

const rows = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape.at(-1) ?? 1]) as Tensor2D;
const like = (x: Tensor, y: Tensor): Tensor =>
  reshape(y, [...x.shape.slice(0, -1), y.shape[1] ?? 1]);

const product = ({ x, kernel }: Named): Tensor2D => matMul(rows(x), kernel as Tensor2D);
const affine = (t: Named): Tensor2D => add(product(t), t.bias);

const inputGradient = (d: Tensor2D, { x, kernel }: Named): Tensor =>
  reshape(productTransposed(d, kernel as Tensor2D), x.shape);
const kernelGradient = (d: Tensor2D, { x }: Named): Tensor => transposedProduct(rows(x), d);
const gradients = (d: Tensor2D, t: Named): Tensor[] => [
  inputGradient(d, t),
  kernelGradient(d, t),
  sum(d, 0),
];

/** Linear maps, whose gradients transpose before they multiply. */
export const linearKernels: Kernels = {
  'twocan.linear': (t) => [like(t.x, affine(t))],
  'twocan.linear.gradient': (t) => gradients(rows(t.dy), t),
  'twocan.linearNoBias': (t) => [like(t.x, product(t))],
  'twocan.linearNoBias.gradient': (t) => {
    const d = rows(t.dy);
    return [inputGradient(d, t), kernelGradient(d, t)];
  },
  'twocan.linearOnData': (t) => [like(t.x, affine(t))],
  'twocan.linearOnData.gradient': (t) => {
    const d = rows(t.dy);
    return [kernelGradient(d, t), sum(d, 0)];
  },
  'twocan.linearGelu': (t) => {
    const [y, derivative] = geluWithDerivative(affine(t));
    return [like(t.x, y), derivative];
  },
  'twocan.linearGelu.gradient': (t) => gradients(mul(rows(t.dy), t.residual0) as Tensor2D, t),
};
