import {
  dispose,
  ones,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';
import { key } from '@twocan/core';
import {
  adamwUpdate,
  attention,
  attentionWeights,
  batchNorm,
  gatherTokens,
  layerNorm,
  linear,
  linearGelu,
  linearOnData,
  normalizeRows,
  normalRows,
  residualSum,
  scatterTokens,
  softmaxCrossEntropy,
  softTargetCrossEntropy,
  squaredNorm,
  weightedMeanSquaredError,
} from '@twocan/ops';
import { describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';

const t = (...shape: number[]): Tensor => ones(shape);
const vector = (n: number): Tensor1D => ones([n]);
const matrix = (m: number, n: number): Tensor2D => ones([m, n]);
const cube = (a: number, b: number, c: number): Tensor3D => ones([a, b, c]);
// biome-ignore lint/suspicious/noExplicitAny: wrong arguments on purpose
const wrong = (x: unknown): any => x;
const ids = (...values: number[]): Int32Array => Int32Array.from(values);

const STEP = { learningRate: 0.1, b1: 0.9, b2: 0.95, epsilon: 1e-8, weightDecay: 0, step: 1 };

/** The argument at fault, what it must be and what it is, by the function that was called. */
const CASES: readonly (readonly [string, () => unknown])[] = [
  ['linear: kernel must have shape [3, *], got [2, 4]', () => linear(t(5, 3), matrix(2, 4))],
  ['linear: bias must have shape [4], got [3]', () => linear(t(5, 3), matrix(3, 4), vector(3))],
  ['linearOnData: kernel must', () => linearOnData(t(5, 3), matrix(2, 4), vector(4))],
  ['linearOnData: bias must', () => linearOnData(t(5, 3), matrix(3, 4), vector(3))],
  ['linearGelu: kernel must', () => linearGelu(t(5, 3), matrix(2, 4), vector(4))],
  ['linearGelu: bias must', () => linearGelu(t(5, 3), matrix(3, 4), vector(3))],
  ['layerNorm: scale must', () => layerNorm(t(5, 3), vector(2), vector(3))],
  ['layerNorm: bias must', () => layerNorm(t(5, 3), vector(3), vector(2))],
  ['batchNorm: x must have 2 dim', () => batchNorm(wrong(t(3)), vector(3), vector(3))],
  ['batchNorm: scale must', () => batchNorm(matrix(5, 3), vector(2), vector(3))],
  ['batchNorm: bias must', () => batchNorm(matrix(5, 3), vector(3), vector(2))],
  ['normalizeRows: x must have 2 dim', () => normalizeRows(wrong(t(3)))],
  ['residualSum: branch must', () => residualSum(t(5, 3), t(3))],
  ['attention: qkv must have shape [*, *, *]', () => attention(wrong(t(2, 6)), 1)],
  ['attention: the width of qkv must', () => attention(cube(1, 2, 12), 3)],
  ['attentionWeights: qkv must', () => attentionWeights(wrong(t(2, 6)), 1)],
  ['attentionWeights: the width of qkv must', () => attentionWeights(cube(1, 2, 12), 3)],
  ['attention: ', () => attention(cube(1, 2, 12), 1.5)],
  ['attention: ', () => attention(cube(1, 2, 12), 0)],
  ['attention: ', () => attention(cube(1, 2, 12), -2)],
  ['softmaxCrossEntropy: logits must have 2', () => softmaxCrossEntropy(wrong(t(3)), ids(0))],
  ['softmaxCrossEntropy: labels must be 2', () => softmaxCrossEntropy(matrix(2, 3), ids(0))],
  ['softmaxCrossEntropy: labels must be 2', () => softmaxCrossEntropy(matrix(2, 3), ids(0, 3))],
  ['softmaxCrossEntropy: labels must be 2', () => softmaxCrossEntropy(matrix(2, 3), ids(-1, 0))],
  ['softTargetCrossEntropy: logits must', () => softTargetCrossEntropy(wrong(t(3)), matrix(1, 3))],
  [
    'softTargetCrossEntropy: targets must',
    () => softTargetCrossEntropy(matrix(2, 3), matrix(1, 3)),
  ],
  [
    'weightedMeanSquaredError: prediction must have 3',
    () => weightedMeanSquaredError(wrong(t(2, 3)), cube(1, 2, 3), matrix(1, 2)),
  ],
  [
    'weightedMeanSquaredError: target must',
    () => weightedMeanSquaredError(cube(1, 2, 3), cube(1, 2, 4), matrix(1, 2)),
  ],
  [
    'weightedMeanSquaredError: weights must have shape [1, 2], got [2, 1]',
    () => weightedMeanSquaredError(cube(1, 2, 3), cube(1, 2, 3), matrix(2, 1)),
  ],
  ['gatherTokens: x must have 3 dim', () => gatherTokens(wrong(t(2, 3)), ids(0), 1)],
  ['gatherTokens: indices must hold 1·2', () => gatherTokens(cube(1, 3, 2), ids(0), 2)],
  ['gatherTokens: indices must hold 1·2', () => gatherTokens(cube(1, 3, 2), ids(0, 3), 2)],
  ['gatherTokens: indices must hold 1·2', () => gatherTokens(cube(1, 3, 2), ids(-1, 0), 2)],
  ['gatherTokens: each token may be named once', () => gatherTokens(cube(1, 3, 2), ids(1, 1), 2)],
  ['scatterTokens: x must have 3 dim', () => scatterTokens(wrong(t(2, 3)), t(1, 1, 3), ids(0), 1)],
  ['scatterTokens: fill must', () => scatterTokens(cube(1, 1, 3), t(1, 3), ids(0), 1)],
  [
    'scatterTokens: restore must hold 1·2',
    () => scatterTokens(cube(1, 1, 3), t(1, 1, 3), ids(0), 2),
  ],
  [
    'scatterTokens: restore must hold 1·2',
    () => scatterTokens(cube(1, 1, 3), t(1, 1, 3), ids(0, -1), 2),
  ],
  [
    'scatterTokens: each token may be named once, got row 0 twice',
    () => scatterTokens(cube(1, 1, 3), t(1, 1, 3), ids(0, 0), 2),
  ],
  ['linear: x must be a tensor', () => linear(wrong('text'), matrix(2, 4))],
  ['layerNorm: x must be a tensor', () => layerNorm(wrong(null), vector(2), vector(2))],
  ['layerNorm: epsilon must', () => layerNorm(t(5, 3), vector(3), vector(3), 0)],
  ['batchNorm: epsilon must', () => batchNorm(matrix(5, 3), vector(3), vector(3), -1)],
  ['batchNorm: the number of rows of x must', () => batchNorm(matrix(0, 3), vector(3), vector(3))],
  ['normalizeRows: epsilon must', () => normalizeRows(matrix(2, 3), Number.NaN)],
  ['residualSum: x must be a tensor', () => residualSum(wrong([1]), t(1))],
  [
    'softmaxCrossEntropy: the number of rows of logits must',
    () => softmaxCrossEntropy(matrix(0, 3), ids()),
  ],
  [
    'softmaxCrossEntropy: labels must be an Int32Array',
    () => softmaxCrossEntropy(matrix(2, 3), wrong([0, 1])),
  ],
  ['in [0, 3), got 7 in row 1', () => softmaxCrossEntropy(matrix(2, 3), ids(0, 7))],
  ['in [0, 3), got 1', () => softmaxCrossEntropy(matrix(2, 3), ids(0))],
  [
    'softTargetCrossEntropy: the size of logits must',
    () => softTargetCrossEntropy(matrix(0, 3), matrix(0, 3)),
  ],
  [
    'weightedMeanSquaredError: the size of prediction must',
    () => weightedMeanSquaredError(cube(0, 2, 3), cube(0, 2, 3), matrix(0, 2)),
  ],
  ['normalRows: keys must be an Array', () => normalRows(wrong(key(0)), Float32Array.of(1), 2)],
  ['normalRows: keys[1] must', () => normalRows([key(0), wrong({})], Float32Array.of(1, 1), 2)],
  ['normalRows: levels must be a Float32Array', () => normalRows([key(0)], wrong([1]), 2)],
  ['normalRows: size must', () => normalRows([key(0)], Float32Array.of(1), -1)],
  ['squaredNorm: tensors must be an Array', () => squaredNorm(wrong(t(2)))],
  ['gatherTokens: indices must be an Int32Array', () => gatherTokens(cube(1, 3, 2), wrong([0]), 1)],
  ['gatherTokens: count must', () => gatherTokens(cube(1, 3, 2), ids(0), 1.5)],
  [
    'scatterTokens: restore must be an Int32Array',
    () => scatterTokens(cube(1, 1, 3), t(1, 1, 3), wrong([0]), 1),
  ],
  ['scatterTokens: count must', () => scatterTokens(cube(1, 1, 3), t(1, 1, 3), ids(0), 1.5)],
  ['adamwUpdate: gradient must have shape [2]', () => adamwUpdate(t(2), t(3), t(2), t(2), STEP)],
  ['adamwUpdate: m must have shape [2]', () => adamwUpdate(t(2), t(2), t(3), t(2), STEP)],
  ['adamwUpdate: v must have shape [2]', () => adamwUpdate(t(2), t(2), t(2), t(3), STEP)],
  ['adamwUpdate: options must', () => adamwUpdate(t(2), t(2), t(2), t(2), wrong(null))],
  ['adamwUpdate: step must', () => adamwUpdate(t(2), t(2), t(2), t(2), { ...STEP, step: 0 })],
  ...(['learningRate', 'b1', 'b2', 'epsilon', 'weightDecay'] as const).map(
    (name): readonly [string, () => unknown] => [
      `adamwUpdate: ${name} must `,
      () => adamwUpdate(t(2), t(2), t(2), t(2), { ...STEP, [name]: Number.NaN }),
    ],
  ),
];

describeBackends('operations refuse', () => {
  it.each(CASES)('%s', (message, call) => {
    expect(call).toThrow(message);
  });

  it('nothing at the ends of what they take', () => {
    dispose([
      attention(cube(1, 1, 3), 1),
      softmaxCrossEntropy(matrix(2, 3), ids(0, 2)),
      gatherTokens(cube(2, 3, 1), ids(0, 2, 2, 0), 2),
      scatterTokens(cube(1, 1, 3), t(1, 1, 3), ids(1, 0), 2),
    ]);
  });
});
