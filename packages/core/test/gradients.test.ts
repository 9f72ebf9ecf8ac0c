import * as tf from '@tensorflow/tfjs-core';
import { checkGradient, describeBackends } from '@twocan/testkit';
import { it } from 'vitest';

const vector = (): tf.Tensor => tf.tensor1d([-1.3, -0.4, 0.7, 1.9]);
const positive = (): tf.Tensor => tf.tensor1d([0.3, 0.9, 1.4, 2.2]);
const matrix = (): tf.Tensor => tf.tensor2d([0.5, -1, 2, 0.1, -0.7, 1.2], [2, 3]);
const row = (): tf.Tensor => tf.tensor1d([0.6, -0.2, 1.5]);

type Case = readonly [string, (...x: tf.Tensor[]) => tf.Tensor, readonly (() => tf.Tensor)[]];
const CASES: readonly Case[] = [
  ['add, broadcast', (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor), [matrix, row]],
  ['sub, broadcast', (a, b) => tf.sub(a as tf.Tensor, b as tf.Tensor), [row, matrix]],
  ['mul, broadcast', (a, b) => tf.mul(a as tf.Tensor, b as tf.Tensor), [matrix, row]],
  ['div, broadcast', (a, b) => tf.div(a as tf.Tensor, b as tf.Tensor), [matrix, row]],
  [
    'squaredDifference',
    (a, b) => tf.squaredDifference(a as tf.Tensor, b as tf.Tensor),
    [matrix, row],
  ],
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
  ['sum of an axis', (a) => tf.sum(a as tf.Tensor, 0), [matrix]],
  ['mean of an axis', (a) => tf.mean(a as tf.Tensor, 1, true), [matrix]],
  ['mean', (a) => tf.mean(a as tf.Tensor), [matrix]],
  ['max of an axis', (a) => tf.max(a as tf.Tensor, 1), [matrix]],
  ['logSumExp', (a) => tf.logSumExp(a as tf.Tensor, 1), [matrix]],
  ['softmax', (a) => tf.softmax(a as tf.Tensor), [matrix]],
  ['logSoftmax', (a) => tf.logSoftmax(a as tf.Tensor), [matrix]],
  ['concat', (a, b) => tf.concat([a as tf.Tensor, b as tf.Tensor], 1), [matrix, matrix]],
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

describeBackends('registered gradients', () => {
  it.each(CASES)('%s', (_, f, inputs) => {
    checkGradient(
      f,
      inputs.map((input) => input()),
    );
  });
});
