import { concat, grad, slice, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import {
  contrastiveEmbeddingGradients,
  infoNCE,
  initProjector,
  project,
  surrogateLoss,
} from '@twocan/contrastive';
import { disposeTree, key, namedLeaves, normal, valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const rows = (seed: number, batch: number, width: number): Tensor2D =>
  tensor2d(normal(key(seed), batch * width), [batch, width]);
const temperature = 0.2;

describeBackends('the two-phase form', () => {
  it('has the loss and, summed over shards, the gradients of the whole batch', () => {
    const config = { in: 5, hidden: 7, layers: 1, out: 4, batchNorm: false };
    tidy(() => {
      const params = initProjector(key(0), config);
      const [a, b] = [rows(1, 6, 5), rows(2, 6, 5)];
      const whole = valueAndGrad((p: typeof params) => ({
        loss: infoNCE(project(p, a), project(p, b), { temperature }),
      }))(params);

      const first = contrastiveEmbeddingGradients(project(params, a), project(params, b), {
        temperature,
      });
      expectClose(first.loss, whole.loss, { rtol: 1e-5 });
      const part = (x: Tensor2D, shard: number): Tensor2D => slice(x, [2 * shard, 0], [2, -1]);
      const shards = [0, 1, 2].map((shard) =>
        valueAndGrad((p: typeof params) => ({
          loss: surrogateLoss(
            concat([project(p, part(a, shard)), project(p, part(b, shard))], 0),
            concat([part(first.gradA, shard), part(first.gradB, shard)], 0),
          ),
        }))(params),
      );
      const grads = shards.map((shard) => new Map(namedLeaves(shard.grads)));
      for (const [path, expected] of namedLeaves(whole.grads)) {
        const sum = expected
          .dataSync()
          .map((_, i) =>
            grads.reduce((total, grad) => total + (grad.get(path)?.dataSync()[i] ?? Number.NaN), 0),
          );
        expectClose(sum, expected, { rtol: 1e-4, atol: 1e-6 }, path);
      }
    });
  });

  it('stands for the loss in a shard: its gradient is the constant', () => {
    tidy(() => {
      const [z, pull] = [rows(1, 2, 3), rows(2, 2, 3)];
      expectClose(grad((x) => surrogateLoss(x as Tensor2D, pull))(z), pull, { rtol: 0, atol: 0 });
      const products = Array.from(z.dataSync()).map((x, i) => x * (pull.dataSync()[i] ?? 0));
      expectClose(
        surrogateLoss(z, pull),
        products.reduce((a, b) => a + b),
      );
    });
  });

  it('checks shapes and leaks nothing', () => {
    const [a, b] = [rows(1, 4, 3), rows(2, 4, 3)];
    expectNoLeak(() => contrastiveEmbeddingGradients(a, b, { temperature }));
    expectNoLeak(() => surrogateLoss(a, b));
    const short = rows(1, 3, 3);
    expect(() => surrogateLoss(a, short)).toThrow('surrogateLoss: gradient must have shape [4, 3]');
    expect(() => contrastiveEmbeddingGradients(a, short, { temperature })).toThrow(
      'contrastiveEmbeddingGradients: zB must have shape [4, 3]',
    );
    disposeTree([a, b, short]);
  });
});
