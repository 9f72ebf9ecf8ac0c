import {
  add,
  grads,
  linspace,
  mul,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tensor3d,
} from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { gelu, linear, linearGelu, linearOnData } from '@twocan/ops';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const X = tensor3dValues(2, 3, 4);
const W = Array.from(normal(key(2), 4 * 5));
const B = Array.from(normal(key(3), 5));

function tensor3dValues(...shape: number[]): number[] {
  return Array.from(
    normal(
      key(1),
      shape.reduce((a, b) => a * b, 1),
    ),
  );
}

const x = (): Tensor => tensor3d(X, [2, 3, 4]);
const kernel = (): Tensor2D => tensor2d(W, [4, 5]);
const bias = (): Tensor1D => tensor1d(B);

/** y = x·W + b in float64. */
const reference = (withBias: boolean): number[] =>
  Array.from({ length: 6 * 5 }, (_, i) => {
    const [row, column] = [Math.floor(i / 5), i % 5];
    const products = [0, 1, 2, 3].map((j) => (X[row * 4 + j] ?? 0) * (W[j * 5 + column] ?? 0));
    return products.reduce((a, b) => a + b, withBias ? (B[column] ?? 0) : 0);
  });

/** Φ by the power series of erf: all terms are positive, so it is exact to float64 where |x| < 6. */
function normalCdf(z: number): number {
  let [term, total] = [z, z];
  for (let n = 1; n < 200; n++) {
    term *= (z * z) / (2 * n + 1);
    total += term;
  }
  return 0.5 + total * (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
}

describeBackends('linear', () => {
  it('is x·W + b on the last axis', () => {
    const y = linear(x(), kernel(), bias());
    expect(y.shape).toEqual([2, 3, 5]);
    expectClose(y, reference(true));
    expectClose(linear(x(), kernel()), reference(false));
    expectClose(linearOnData(x(), kernel(), bias()), reference(true));
    expectClose(
      linearGelu(x(), kernel(), bias()),
      reference(true).map((v) => v * normalCdf(v)),
    );
  });

  it('has the gradient of central differences', () => {
    const f = (a?: Tensor, k?: Tensor, b?: Tensor): Tensor =>
      linear(a as Tensor, k as Tensor2D, b as Tensor1D | undefined);
    checkGradient(f, [x(), kernel(), bias()]);
    checkGradient(f, [x(), kernel()]);
    checkGradient((k, b) => linearOnData(x(), k as Tensor2D, b as Tensor1D), [kernel(), bias()]);
    checkGradient(
      (a, k, b) => linearGelu(a as Tensor, k as Tensor2D, b as Tensor1D),
      [x(), kernel(), bias()],
    );
  });

  it('sums what reaches one kernel by two ways', () => {
    const twice = (k: Tensor): Tensor =>
      sum(add(linear(x(), k as Tensor2D), linearOnData(x(), k as Tensor2D, bias())));
    const once = (k: Tensor): Tensor => sum(mul(linear(x(), k as Tensor2D), 2));
    const [got] = grads(twice)([kernel()]);
    const [want] = grads(once)([kernel()]);
    expectClose(got as Tensor, want as Tensor);
  });

  it('names the argument that does not fit', () => {
    expect(() => linear(x(), tensor2d([1, 2], [2, 1]))).toThrow(
      'linear: kernel must have shape [4, *], got [2, 1]',
    );
    expect(() => linearGelu(x(), kernel(), tensor1d([1]))).toThrow(
      'linearGelu: bias must have shape [5], got [1]',
    );
  });

  it('leaks nothing', () => {
    const [a, k, b] = [x(), kernel(), bias()];
    for (const f of [linear, linearOnData, linearGelu]) {
      expectNoLeak(() => f(a, k, b));
      expectNoLeak(() =>
        grads((p: Tensor, q: Tensor) => f(a, p as Tensor2D, q as Tensor1D))([k, b]),
      );
    }
    expectNoLeak(() => grads((p: Tensor) => linear(p, k, b))([a]));
  });
});

describeBackends('gelu', () => {
  it('is x·Φ(x) within 5e-7, with its derivative', () => {
    const at = linspace(-7, 7, 2001);
    const points = Array.from(at.dataSync());
    const density = (v: number): number => Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI);
    const exact = { rtol: 0, atol: 5e-7 };
    expectClose(
      gelu(at),
      points.map((v) => v * normalCdf(v)),
      exact,
    );
    const [slope] = grads((v: Tensor) => sum(gelu(v)))([at]);
    expectClose(
      slope as Tensor,
      points.map((v) => normalCdf(v) + v * density(v)),
      exact,
    );
  });

  it('is 0 at 0, x far above and 0 far below', () => {
    const at = tensor1d([0, 50, 1e4, -50, -1e4]);
    expectClose(gelu(at), [0, 50, 1e4, 0, 0]);
    const [slope] = grads((v: Tensor) => sum(gelu(v)))([at]);
    expectClose(slope as Tensor, [0.5, 1, 1, 0, 0]);
  });

  it('leaks nothing', () => {
    const at = linspace(-2, 2, 8);
    expectNoLeak(() => gelu(at));
    expectNoLeak(() => grads((v: Tensor) => sum(gelu(v)))([at]));
  });
});
