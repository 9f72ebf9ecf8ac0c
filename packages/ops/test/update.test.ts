import {
  clone,
  dispose,
  memory,
  scalar,
  type Tensor,
  tensor1d,
  tensor2d,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { type AdamwNumbers, adamwUpdate, squaredNorm, updatesInPlace } from '@twocan/ops';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const OPTIONS = { learningRate: 0.1, b1: 0.9, b2: 0.95, epsilon: 1e-8, weightDecay: 0.05 };

/** One number's AdamW by the paper's Algorithm 2, in float64. */
function reference(p: number, gradients: readonly number[]): number {
  const { learningRate, b1, b2, epsilon, weightDecay } = OPTIONS;
  let [m, v, x] = [0, 0, p];
  gradients.forEach((g, i) => {
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const step = m / (1 - b1 ** (i + 1)) / (Math.sqrt(v / (1 - b2 ** (i + 1))) + epsilon);
    x -= learningRate * (step + weightDecay * x);
  });
  return x;
}

describeBackends('adamwUpdate', () => {
  it.each([false, true])('follows the algorithm for three steps (in place: %s)', (inPlace) => {
    const start = [1, -2, 0.5];
    const gradients = [
      [0.3, -1, 2],
      [0.1, 0.5, -2],
      [0, 1e-3, 4],
    ];
    let parameter: Tensor = tensor1d(start);
    let [m, v] = [zerosLike(parameter), zerosLike(parameter)];
    gradients.forEach((g, i) => {
      const options: AdamwNumbers = { ...OPTIONS, step: i + 1, inPlace };
      ({ parameter, m, v } = adamwUpdate(parameter, tensor1d(g), m, v, options));
    });
    const want = start.map((p, j) =>
      reference(
        p,
        gradients.map((g) => g[j] ?? 0),
      ),
    );
    expectClose(parameter, want, { rtol: 1e-5 });
  });

  const given = (): [Tensor, Tensor, Tensor, Tensor] => [
    tensor1d([1, 2]),
    tensor1d([3, 4]),
    tensor1d([0, 0]),
    tensor1d([0, 0]),
  ];

  it.each([false, true])('leaks nothing (in place: %s)', (inPlace) => {
    const [p, g, m, v] = given();
    expectNoLeak(() => adamwUpdate(p, g, m, v, { ...OPTIONS, step: 1, inPlace }));
    dispose([p, g, m, v]);
  });

  it('takes no memory in place, where it can', () => {
    const [p, g, m, v] = given();
    const before = memory().numDataBuffers;
    const after = adamwUpdate(p, g, m, v, { ...OPTIONS, step: 1, inPlace: true });
    expect(memory().numDataBuffers - before).toBe(updatesInPlace() ? 0 : 3);
    dispose([p, m, v]); // the result outlives what it was written over
    expectClose(after.parameter, [reference(1, [3]), reference(2, [4])], { rtol: 1e-5 });
    dispose([g, after.parameter, after.m, after.v]);
  });

  it('writes over nothing that somebody else holds, in place or not', () => {
    const [p, g, m, v] = given();
    const held = [p, m, v].map((tensor) => clone(tensor));
    const after = adamwUpdate(p, g, m, v, { ...OPTIONS, step: 1, inPlace: true });
    const [heldP, heldM, heldV] = held as [Tensor, Tensor, Tensor];
    expectClose(heldP, [1, 2]);
    expectClose(heldM, [0, 0]);
    expectClose(heldV, [0, 0]);
    dispose([p, g, m, v, ...held, after.parameter, after.m, after.v]);
  });

  it('takes one tensor as both moments, in place or not', () => {
    const [p, g, zero, v] = given();
    const after = adamwUpdate(p, g, zero, zero, { ...OPTIONS, step: 1, inPlace: true });
    expectClose(after.parameter, [reference(1, [3]), reference(2, [4])], { rtol: 1e-5 });
    expectClose(zero, [0, 0]);
    dispose([p, g, zero, v, after.parameter, after.m, after.v]);
  });
});

describeBackends('squaredNorm', () => {
  it('takes tensors of any shapes as one vector', () => {
    expectClose(squaredNorm([tensor1d([3]), tensor2d([[4, 1]]), scalar(-2)]), 30);
    expectClose(squaredNorm([]), 0);
  });

  it('leaks nothing', () => {
    const [a, b] = [tensor1d([1, 2]), scalar(3)];
    expectNoLeak(() => squaredNorm([a, b]));
    expectNoLeak(() => squaredNorm([a]));
  });
});
