import {
  grads,
  mean,
  moments,
  sum,
  type Tensor2D,
  type TensorContainer,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { initProjector, type ProjectorParams, project } from '@twocan/contrastive';
import { disposeTree, fold, key, namedLeaves, normal, registerGradients } from '@twocan/core';
import { initDense } from '@twocan/nn';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const rows = (seed: number, batch: number, width: number): Tensor2D =>
  tensor2d(normal(key(seed), batch * width), [batch, width]);

describeBackends('projector', () => {
  it('has the names and shapes of a checkpoint', () => {
    const params = initProjector(key(0), { in: 4, hidden: 6, layers: 2, out: 3, batchNorm: true });
    expect(namedLeaves(params).map(([path, { shape }]) => `${path} ${shape}`)).toEqual([
      'layers/0/kernel 4,6',
      'layers/0/norm/scale 6',
      'layers/0/norm/bias 6',
      'layers/1/kernel 6,6',
      'layers/1/norm/scale 6',
      'layers/1/norm/bias 6',
      'layers/2/kernel 6,3',
      'layers/2/bias 3',
    ]);
    disposeTree(params);
  });

  it('computes dense, ReLU, dense', () => {
    tidy(() => {
      const params: ProjectorParams = {
        layers: [
          { kernel: tensor2d([[1, -1]]), bias: tensor1d([0.5, 0]) },
          { kernel: tensor2d([[2], [3]]), bias: tensor1d([1]) },
        ],
      };
      expectClose(project(params, tensor2d([[1], [-2]])), [4, 7]);
    });
  });

  it('normalises hidden layers over the batch where asked', () => {
    tidy(() => {
      const config = { in: 4, hidden: 3, layers: 1, out: 3, batchNorm: true };
      const params = initProjector(key(0), config);
      const identity = tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);
      const [first, last] = params.layers;
      if (!first || !last) throw new Error('two layers expected');
      const z = project({ layers: [first, { ...last, kernel: identity }] }, rows(1, 400, 4));
      // A standard normal after ReLU has mean 1/√(2π).
      expectClose(mean(z, 0), new Float32Array(3).fill(1 / Math.sqrt(2 * Math.PI)), { rtol: 0.1 });
    });
  });

  it('is one linear map without hidden layers, negative numbers and all', () => {
    const config = { in: 2, hidden: 1, layers: 0, out: 1, batchNorm: true };
    const params = initProjector(key(0), config);
    expect(namedLeaves(params).map(([path, { shape }]) => `${path} ${shape}`)).toEqual([
      'layers/0/kernel 2,1',
      'layers/0/bias 1',
    ]);
    disposeTree(params);
    tidy(() => {
      const layer = { kernel: tensor2d([[1], [-2]]), bias: tensor1d([0.5]) };
      expectClose(project({ layers: [layer] }, tensor2d([[1, 3]])), [-4.5]);
    });
  });

  it('draws layer i by the key folded by i', () => {
    tidy(() => {
      const params = initProjector(key(3), {
        in: 4,
        hidden: 5,
        layers: 1,
        out: 2,
        batchNorm: false,
      });
      const sizes = [
        { in: 4, out: 5 },
        { in: 5, out: 2 },
      ];
      sizes.forEach((size, i) => {
        const drawn = initDense(fold(key(3), i), size).kernel;
        expectClose(params.layers[i]?.kernel as Tensor2D, drawn, { rtol: 0, atol: 0 });
      });
    });
  });

  it('draws other kernels for each layer and the same for the same key', () => {
    tidy(() => {
      const config = { in: 4, hidden: 4, layers: 1, out: 4, batchNorm: false };
      const [p, q] = [initProjector(key(3), config), initProjector(key(3), config)];
      const [first, second] = p.layers.map(({ kernel }) => kernel.dataSync());
      expect(first).not.toEqual(second);
      expectClose(q.layers[0]?.kernel.dataSync() ?? [], first ?? []);
      expect(moments(p.layers[0]?.kernel as Tensor2D).variance.dataSync()[0]).toBeGreaterThan(0);
    });
  });

  it('gives each parameter a gradient', () => {
    registerGradients();
    tidy(() => {
      const config = { in: 4, hidden: 5, layers: 1, out: 3, batchNorm: false };
      const params = initProjector(key(0), config);
      const [hidden, out] = params.layers;
      if (!hidden?.bias || !out?.bias) throw new Error('two layers with biases expected');
      const [k0, b0, k1, b1] = [hidden.kernel, hidden.bias, out.kernel, out.bias];
      const x = rows(1, 6, 4);
      const slopes = grads((a, b, c, d) =>
        sum(
          project(
            {
              layers: [
                { kernel: a as typeof k0, bias: b as typeof b0 },
                { kernel: c as typeof k1, bias: d as typeof b1 },
              ],
            },
            x,
          ),
        ),
      )([k0, b0, k1, b1]);
      for (const slope of slopes) expect(slope.dataSync().some((v) => v !== 0)).toBe(true);
    });
  });

  it('refuses wrong sizes and leaks nothing', () => {
    const config = { in: 4, hidden: 5, layers: 2, out: 3, batchNorm: true };
    for (const name of ['in', 'hidden', 'out']) {
      for (const width of [0, -1, 1.5, Number.NaN]) {
        expect(() => initProjector(key(0), { ...config, [name]: width })).toThrow(
          `initProjector: ${name} must be a positive integer, got ${width}`,
        );
      }
    }
    for (const layers of [-1, 0.5, Number.NaN]) {
      expect(() => initProjector(key(0), { ...config, layers })).toThrow(
        /^initProjector: layers must be an integer .*, got/,
      );
    }
    expectNoLeak(() => initProjector(key(0), config) as unknown as TensorContainer);
    const params = initProjector(key(0), config);
    const x = rows(1, 4, 4);
    expectNoLeak(() => project(params, x));
    const wide = rows(1, 4, 5);
    expect(() => project(params, wide)).toThrow('project: x must have shape [*, 4], got [4, 5]');
    disposeTree([x, wide]);
    disposeTree(params);
  });
});
