import { dispose, scalar, type Tensor, tensor1d, tensor2d, zerosLike } from '@tensorflow/tfjs-core';
import { type AdamwOptions, adamwUpdate, squaredNorm } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { it } from 'vitest';

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
  it('follows the algorithm for three steps', () => {
    const start = [1, -2, 0.5];
    const gradients = [
      [0.3, -1, 2],
      [0.1, 0.5, -2],
      [0, 1e-3, 4],
    ];
    let parameter: Tensor = tensor1d(start);
    let [m, v] = [zerosLike(parameter), zerosLike(parameter)];
    gradients.forEach((g, i) => {
      const options: AdamwOptions = { ...OPTIONS, step: i + 1 };
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

  it('leaks nothing', () => {
    const [p, g, m, v] = [
      [1, 2],
      [3, 4],
      [0, 0],
      [0, 0],
    ].map((values) => tensor1d(values));
    expectNoLeak(() =>
      adamwUpdate(p as Tensor, g as Tensor, m as Tensor, v as Tensor, { ...OPTIONS, step: 1 }),
    );
    dispose([p, g, m, v] as Tensor[]);
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
