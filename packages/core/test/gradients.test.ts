import * as tf from '@tensorflow/tfjs-core';
import { key, normal, registerGradients } from '@twocan/core';
import { checkGradient, describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';

const vector = (): tf.Tensor => tf.tensor1d([-1.3, -0.4, 0.7, 1.9]);
const positive = (): tf.Tensor => tf.tensor1d([0.3, 0.9, 1.4, 2.2]);
const matrix = (): tf.Tensor => tf.tensor2d([0.5, -1, 2, 0.1, -0.7, 1.2], [2, 3]);
/** Numbers that differ by a sixth or more, so that no step of a difference reaches another's place. */
const cube = (): tf.Tensor =>
  tf.tensor3d(
    Array.from({ length: 24 }, (_, i) => ((7 * i) % 24) / 6 - 1.9),
    [2, 3, 4],
  );
const away = (): tf.Tensor => tf.tensor2d([0.5, -1, 2, 0.8, -0.7, 1.2], [2, 3]);
const column = (): tf.Tensor => tf.tensor2d([0.4, -1.1], [2, 1]);
const flat = (): tf.Tensor => tf.tensor2d([0.7, 1.3, -0.2], [1, 3]);
const row = (): tf.Tensor => tf.tensor1d([0.6, -0.2, 1.5]);

type Case = readonly [string, (...x: tf.Tensor[]) => tf.Tensor, readonly (() => tf.Tensor)[]];
const CASES: readonly Case[] = [
  ['add, broadcast', (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor), [matrix, row]],
  ['add, both broadcast', (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor), [column, flat]],
  ['mul, both broadcast', (a, b) => tf.mul(a as tf.Tensor, b as tf.Tensor), [column, flat]],
  ['add of a scalar', (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor), [cube, () => tf.scalar(2)]],
  [
    'mul along a middle axis',
    (a, b) => tf.mul(a as tf.Tensor, tf.expandDims(b as tf.Tensor, 1)),
    [cube, () => tf.tensor2d(Array.from(normal(key(4), 8)), [2, 4])],
  ],
  ['sub, broadcast', (a, b) => tf.sub(a as tf.Tensor, b as tf.Tensor), [row, matrix]],
  ['mul, broadcast', (a, b) => tf.mul(a as tf.Tensor, b as tf.Tensor), [matrix, row]],
  ['div, broadcast', (a, b) => tf.div(a as tf.Tensor, b as tf.Tensor), [matrix, row]],
  [
    'squaredDifference',
    (a, b) => tf.squaredDifference(a as tf.Tensor, b as tf.Tensor),
    [matrix, row],
  ],
  [
    'squaredDifference, the other way',
    (a, b) => tf.squaredDifference(a as tf.Tensor, b as tf.Tensor),
    [row, matrix],
  ],
  ['div by a matrix', (a, b) => tf.div(a as tf.Tensor, b as tf.Tensor), [row, away]],
  [
    'pow of several exponents',
    (a) => tf.pow(a as tf.Tensor, tf.tensor1d([1, 2, -1, 0.5])),
    [positive],
  ],
  ['a clone', (a) => tf.clone(a as tf.Tensor), [vector]],
  ['a cast', (a) => tf.cast(tf.cast(a as tf.Tensor, 'float32'), 'float32'), [vector]],
  ['zerosLike', (a) => tf.add(a as tf.Tensor, tf.zerosLike(a as tf.Tensor)), [vector]],
  ['onesLike', (a) => tf.mul(a as tf.Tensor, tf.onesLike(a as tf.Tensor)), [vector]],
  ['squeeze', (a) => tf.squeeze(a as tf.Tensor), [column]],
  ['pow', (a) => tf.pow(a as tf.Tensor, 3), [positive]],
  ['neg', (a) => tf.neg(a as tf.Tensor), [vector]],
  ['abs', (a) => tf.abs(a as tf.Tensor), [vector]],
  ['square', (a) => tf.square(a as tf.Tensor), [vector]],
  ['sqrt', (a) => tf.sqrt(a as tf.Tensor), [positive]],
  ['rsqrt', (a) => tf.rsqrt(a as tf.Tensor), [positive]],
  ['exp', (a) => tf.exp(a as tf.Tensor), [vector]],
  ['log', (a) => tf.log(a as tf.Tensor), [positive]],
  ['erf', (a) => tf.erf(a as tf.Tensor), [vector]],
  ['sigmoid', (a) => tf.sigmoid(a as tf.Tensor), [vector]],
  ['tanh', (a) => tf.tanh(a as tf.Tensor), [vector]],
  ['relu', (a) => tf.relu(a as tf.Tensor), [vector]],
  ['reshape', (a) => tf.reshape(a as tf.Tensor, [3, 2]), [matrix]],
  ['expandDims', (a) => tf.expandDims(a as tf.Tensor, 1), [matrix]],
  ['transpose', (a) => tf.transpose(a as tf.Tensor), [matrix]],
  // Of these the inverse is another permutation.
  ['transpose [2, 0, 1]', (a) => tf.transpose(a as tf.Tensor, [2, 0, 1]), [cube]],
  ['transpose [1, 2, 0]', (a) => tf.transpose(a as tf.Tensor, [1, 2, 0]), [cube]],
  ['sum of all', (a) => tf.sum(a as tf.Tensor), [cube]],
  ['sum of outer axes', (a) => tf.sum(a as tf.Tensor, [0, 2]), [cube]],
  ['sum of the last axis, kept', (a) => tf.sum(a as tf.Tensor, -1, true), [cube]],
  ['mean of two axes', (a) => tf.mean(a as tf.Tensor, [0, 1]), [cube]],
  ['max of all', (a) => tf.max(a as tf.Tensor), [cube]],
  ['max of a middle axis, kept', (a) => tf.max(a as tf.Tensor, 1, true), [cube]],
  ['sum of an axis', (a) => tf.sum(a as tf.Tensor, 0), [matrix]],
  ['mean of an axis', (a) => tf.mean(a as tf.Tensor, 1, true), [matrix]],
  ['mean', (a) => tf.mean(a as tf.Tensor), [matrix]],
  ['max of an axis', (a) => tf.max(a as tf.Tensor, 1), [matrix]],
  ['logSumExp', (a) => tf.logSumExp(a as tf.Tensor, 1), [matrix]],
  ['softmax', (a) => tf.softmax(a as tf.Tensor), [matrix]],
  ['logSoftmax', (a) => tf.logSoftmax(a as tf.Tensor), [matrix]],
  ['concat', (a, b) => tf.concat([a as tf.Tensor, b as tf.Tensor], 1), [matrix, matrix]],
  [
    'concat of three along the first axis',
    (a, b, c) => tf.concat([a as tf.Tensor, b as tf.Tensor, c as tf.Tensor], 0),
    [matrix, flat, matrix],
  ],
  [
    'concat along the last axis',
    (a, b) => tf.concat([a as tf.Tensor, b as tf.Tensor], -1),
    [matrix, column],
  ],
  ['slice of a cube', (a) => tf.slice(a as tf.Tensor, [1, 0, 1], [1, 2, 2]), [cube]],
  ['slice', (a) => tf.slice(a as tf.Tensor, [0, 1], [2, 2]), [matrix]],
  [
    'pad',
    (a) =>
      tf.pad(a as tf.Tensor, [
        [1, 0],
        [0, 2],
      ]),
    [matrix],
  ],
  ...[false, true].flatMap((ta) =>
    [false, true].map((tb): Case => {
      const left = (): tf.Tensor => (ta ? tf.transpose(matrix()) : matrix());
      const right = (): tf.Tensor => (tb ? matrix() : tf.transpose(matrix()));
      return [
        `matMul, transposed ${ta} ${tb}`,
        (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, ta, tb),
        [left, right],
      ];
    }),
  ),
];

for (const ta of [false, true])
  for (const tb of [false, true])
    describeBackends(`the gradient of a product of batches, transposed ${ta} ${tb}`, () => {
      it('follows central differences', () => {
        const draw = (seed: number, ...shape: [number, number, number]): tf.Tensor =>
          tf.tensor3d(
            Array.from(
              normal(
                key(seed),
                shape.reduce((a, b) => a * b),
              ),
            ),
            shape,
          );
        const left = ta ? draw(1, 2, 4, 3) : draw(1, 2, 3, 4);
        const right = tb ? draw(2, 2, 5, 4) : draw(2, 2, 4, 5);
        checkGradient((a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, ta, tb), [left, right]);
      });
    });

describeBackends('registered gradients', () => {
  it('refuse what they do not have', () => {
    const exponent = tf.grad((b: tf.Tensor) => tf.sum(tf.pow(tf.tensor1d([2, 3]), b)));
    expect(() => exponent(tf.tensor1d([1, 2]))).toThrow(
      'pow: the exponent has no gradient here; import @tensorflow/tfjs for it',
    );
    const a = tf.ones([2, 3, 4]);
    const product = (b: tf.Tensor): tf.Tensor => tf.sum(tf.matMul(a, b));
    expect(() => tf.grad(product)(tf.ones([1, 4, 2]))).toThrow(
      'matMul: the gradient needs equal batch sizes, got [2,3,4] and [1,4,2]; broadcast first',
    );
    expect(() => tf.grad(product)(tf.ones([4, 2]))).toThrow('broadcast first');
  });

  it('leave those that others have registered', () => {
    const before = tf.getGradient('Abs');
    const own = { kernelName: 'Abs', gradFunc: () => ({}) };
    try {
      tf.unregisterGradient('Abs');
      tf.registerGradient(own);
      registerGradients();
      expect(tf.getGradient('Abs')).toBe(own);
    } finally {
      tf.unregisterGradient('Abs');
      tf.registerGradient(before);
    }
  });

  it.each(CASES)('%s', (_, f, inputs) => {
    checkGradient(
      f,
      inputs.map((input) => input()),
    );
  });
});
