import { mul, type Tensor, tensor, tensor2d } from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { defineOp } from '@twocan/ops';
import { checkGradient, describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';

/** x³ + 4x, element by element, with the gradient that a test plants. */
const planted = (change: (right: Float32Array) => Float32Array) =>
  defineOp({
    name: 'plantedGradient',
    inputs: ['x'],
    forward: ({ x }: { readonly x: Tensor }) => {
      const values = x.dataSync<'float32'>().map((v) => v ** 3 + 4 * v);
      return { y: tensor(values, x.shape) };
    },
    backward: ({ dy, x }) => {
      const right = x.dataSync<'float32'>().map((v) => 3 * v ** 2 + 4);
      return { x: mul(dy, tensor(change(right), dy.shape)) };
    },
  });

const check = (change: (right: Float32Array) => Float32Array) => () =>
  checkGradient(
    (x) => planted(change)({ x: x as Tensor }, {}),
    [tensor2d(normal(key(1), 6), [2, 3])],
  );

const inOne = (factor: number, at: number) => (right: Float32Array) =>
  right.map((slope, i) => (i === at ? factor * slope : slope));

describeBackends('checkGradient', () => {
  it('accepts what is right', () => {
    expect(check((right) => right)).not.toThrow();
  });

  it.each([0.997, 1.003, -1, 0, Number.NaN])(
    'refuses a gradient that is %d times the right one',
    (by) => {
      expect(check((right) => right.map((slope) => by * slope))).toThrow(/input 0\[0\]: gradient/);
    },
  );

  it.each([0, 1, 2, 3, 4, 5])('refuses one that is 0.3 percent too large at %i alone', (at) => {
    expect(check(inOne(1.003, at))).toThrow(`input 0[${at}]: gradient`);
  });

  it('refuses elements in another order', () => {
    expect(check((right) => right.toReversed())).toThrow(/input 0\[\d\]: gradient/);
  });

  it('checks every input', () => {
    const product = (wrong: number) => () =>
      checkGradient(
        (x, y) =>
          mul(x, planted((right) => right.map((slope) => wrong * slope))({ x: y as Tensor }, {})),
        [tensor([1, 2, 3]), tensor([0.5, 1, -1])],
      );
    expect(product(1)).not.toThrow();
    expect(product(1.003)).toThrow(/input 1\[0\]: gradient/);
  });
});
