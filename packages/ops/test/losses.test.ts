import {
  grads,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tensor3d,
  zeros,
} from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { softmaxCrossEntropy, softTargetCrossEntropy, weightedMeanSquaredError } from '@twocan/ops';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

describeBackends('softmaxCrossEntropy', () => {
  const values = Array.from(normal(key(1), 12), (z) => 4 * z);
  const logits = (): Tensor2D => tensor2d(values, [3, 4]);
  const labels = Int32Array.of(2, 0, 3);

  it('is the mean of log Σ exp minus the right logit', () => {
    const rows = [0, 4, 8].map((i) => values.slice(i, i + 4));
    const each = rows.map(
      (row, i) => Math.log(row.reduce((a, x) => a + Math.exp(x), 0)) - (row[labels[i] ?? 0] ?? 0),
    );
    expectClose(softmaxCrossEntropy(logits(), labels), each.reduce((a, b) => a + b, 0) / 3);
    expectClose(softmaxCrossEntropy(zeros([2, 4]), Int32Array.of(0, 3)), Math.log(4));
  });

  it('is finite for huge logits', () => {
    const huge = tensor2d([1e4, 0, -1e4, 0], [2, 2]);
    expectClose(softmaxCrossEntropy(huge, Int32Array.of(0, 0)), 5e3);
  });

  it('has the gradient of central differences', () => {
    checkGradient((x) => softmaxCrossEntropy(x as Tensor2D, labels), [logits()]);
  });

  it('names labels that do not fit', () => {
    expect(() => softmaxCrossEntropy(logits(), Int32Array.of(0, 1))).toThrow('labels must be 3');
    expect(() => softmaxCrossEntropy(logits(), Int32Array.of(0, 4, 1))).toThrow('in [0, 4)');
  });

  it('leaks nothing', () => {
    const x = logits();
    expectNoLeak(() => softmaxCrossEntropy(x, labels));
    expectNoLeak(() => grads((t: Tensor) => softmaxCrossEntropy(t as Tensor2D, labels))([x]));
  });
});

describeBackends('softTargetCrossEntropy', () => {
  const logits = (): Tensor2D => tensor2d([2, 0, -1, 0.5, 3, 1], [2, 3]);
  const targets = (): Tensor2D => tensor2d([0.2, 0.5, 0.3, 0, 1, 0], [2, 3]);

  it('is the mean of -Σ t·log softmax, and of one class what labels give', () => {
    const log = (row: number[], j: number): number =>
      (row[j] ?? 0) - Math.log(row.reduce((a, v) => a + Math.exp(v), 0));
    const [a, b] = [
      [2, 0, -1],
      [0.5, 3, 1],
    ] as const;
    const first = 0.2 * log([...a], 0) + 0.5 * log([...a], 1) + 0.3 * log([...a], 2);
    expectClose(softTargetCrossEntropy(logits(), targets()), -(first + log([...b], 1)) / 2);
    const oneHot = tensor2d([0, 0, 1, 0, 1, 0], [2, 3]);
    expectClose(
      softTargetCrossEntropy(logits(), oneHot),
      softmaxCrossEntropy(logits(), Int32Array.of(2, 1)).dataSync(),
    );
  });

  it('has the gradient of central differences, for the logits alone', () => {
    checkGradient((x) => softTargetCrossEntropy(x as Tensor2D, targets()), [logits()]);
  });

  it('leaks nothing', () => {
    const [x, t] = [logits(), targets()];
    expectNoLeak(() => softTargetCrossEntropy(x, t));
    expectNoLeak(() => grads((z: Tensor) => softTargetCrossEntropy(z as Tensor2D, t))([x]));
  });
});

describeBackends('weightedMeanSquaredError', () => {
  const p = Array.from(normal(key(2), 12));
  const t = Array.from(normal(key(3), 12));
  const w = [1, 0, 0.5, 2];
  const prediction = (): Tensor3D => tensor3d(p, [2, 2, 3]);
  const target = (): Tensor3D => tensor3d(t, [2, 2, 3]);
  const weights = (): Tensor2D => tensor2d(w, [2, 2]);

  it('is the weighted mean over patches of the mean over pixels', () => {
    const total = p.reduce(
      (sum, v, i) => sum + ((v - (t[i] ?? 0)) ** 2 / 3) * (w[Math.floor(i / 3)] ?? 0),
      0,
    );
    expectClose(weightedMeanSquaredError(prediction(), target(), weights()), total / 3.5);
    expectClose(weightedMeanSquaredError(target(), target(), weights()), 0);
  });

  it('has the gradient of central differences, for the prediction alone', () => {
    checkGradient(
      (x) => weightedMeanSquaredError(x as Tensor3D, target(), weights()),
      [prediction()],
    );
  });

  it('names the argument that does not fit', () => {
    expect(() => weightedMeanSquaredError(prediction(), zeros([2, 2, 4]), weights())).toThrow(
      'weightedMeanSquaredError: target must have shape [2, 2, 3], got [2, 2, 4]',
    );
  });

  it('leaks nothing', () => {
    const [x, y, weight] = [prediction(), target(), weights()];
    expectNoLeak(() => weightedMeanSquaredError(x, y, weight));
    expectNoLeak(() =>
      grads((a: Tensor) => weightedMeanSquaredError(a as Tensor3D, y, weight))([x]),
    );
  });
});
