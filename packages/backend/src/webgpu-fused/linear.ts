import { engine, matMul, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Kernels, Named } from '../kernels.ts';
import { columnSums } from './layer-norm.ts';
import { dispatch, elementwise } from './program.ts';

// The normal tail by Abramowitz & Stegun 7.1.26, as in the plain definition; not a number stays so.
const TAIL = `
  fn tail(m : f32) -> f32 {
    let t = ${Math.SQRT2 / 0.3275911} / (${Math.SQRT2 / 0.3275911} + m);
    let p = ((((${1.061405429 / 2} * t - ${1.453152027 / 2}) * t + ${1.421413741 / 2}) * t
      - ${0.284496736 / 2}) * t + ${0.254829592 / 2}) * t;
    return p * exp(-0.5 * m * m);
  }
  fn gelu(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    return max(x, 0.0) - abs(x) * tail(abs(x));
  }
  fn slope(x : f32) -> f32 {
    if (isnan(x)) { return x; }
    let below = tail(abs(x));
    let density = exp(-0.5 * x * x) * ${1 / Math.sqrt(2 * Math.PI)};
    return select(1.0 - below, below, x < 0.0) + x * density;
  }`;
const GELU = TAIL + elementwise('gelu(x[index])');
const GELU_GRADIENT = TAIL + elementwise('dy[index] * slope(x[index])');

const gelu = (x: Tensor): Tensor =>
  dispatch({ name: 'gelu', inputs: { x }, shape: x.shape, code: GELU });
const geluGradient = (dy: Tensor, x: Tensor): Tensor =>
  dispatch({ name: 'gelu.gradient', inputs: { dy, x }, shape: dy.shape, code: GELU_GRADIENT });

const flat = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape.at(-1) ?? 1]) as Tensor2D;
const like = (x: Tensor, y: Tensor): Tensor =>
  reshape(y, [...x.shape.slice(0, -1), y.shape.at(-1) ?? 1]);

/** x·W + b in one dispatch. */
function affine({ x, kernel, bias }: Named): Tensor {
  const cube = (t: Tensor): Tensor => reshape(t, [1, ...t.shape]);
  const inputs = { a: cube(flat(x)), b: cube(kernel), bias };
  const attributes = { transposeA: false, transposeB: false, activation: 'linear' };
  return like(x, engine().runKernel('_FusedMatMul', inputs as never, attributes) as Tensor);
}

/** The gradients of x, kernel and bias for a gradient `d` of x·W + b. */
const gradients = (d: Tensor, { x, kernel }: Named): Tensor[] => [
  reshape(matMul(flat(d), kernel as Tensor2D, false, true), x.shape),
  matMul(flat(x), flat(d), true),
  columnSums(d),
];

/** Linear layers and GELU, which keeps its argument. */
export const linearKernels: Kernels = {
  'twocan.linear': (t) => [affine(t)],
  'twocan.linear.gradient': (t) => gradients(t.dy, t),
  'twocan.linearGelu': (t) => {
    const z = affine(t);
    return [gelu(z), z];
  },
  'twocan.linearGelu.gradient': (t) => gradients(geluGradient(t.dy, t.residual0), t),
  'twocan.gelu': ({ x }) => [gelu(x)],
  'twocan.gelu.gradient': ({ x, dy }) => [geluGradient(dy, x)],
};
