import { dispose, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import {
  type CanConfig,
  type CanParams,
  canForwardWith,
  canLossWith,
  type Draws,
  initCan,
  resolveCanConfig,
} from '@twocan/can';
import { disposeTree, key, namedLeaves, type Params, valueAndGrad } from '@twocan/core';
import {
  describeBackends,
  expectClose,
  expectTreeClose,
  type Golden,
  loadGolden,
} from '@twocan/testkit';
import { expect, it } from 'vitest';

const VARIANTS = [
  'batch-norm',
  'light',
  'otherwise',
  'mae',
  'simclr',
  'noise-choices',
  'noise-from-encoder',
] as const;

/** The draws that the referee used. */
function drawsOf(golden: Golden): Draws {
  const sizes = (name: string) => golden.shape(name) as [number, number];
  return {
    ...(golden.has('keep') && {
      mask: {
        batch: sizes('restore')[0],
        patches: sizes('restore')[1],
        kept: sizes('keep')[1],
        keep: Int32Array.from(golden.values('keep')),
        restore: Int32Array.from(golden.values('restore')),
      },
    }),
    ...(golden.has('noise') && {
      levels: Float32Array.from(golden.values('levels')),
      noise: golden.tensor('noise') as Tensor4D,
    }),
  };
}

describeBackends('CAN against PyTorch', () => {
  for (const variant of VARIANTS) {
    const golden = loadGolden(`can-${variant}`);
    const config = resolveCanConfig(golden.config<CanConfig>('config'));

    it(`${variant}: loss, metrics and the gradient of every parameter`, () => {
      const draws = drawsOf(golden);
      const params = golden.tree('params') as CanParams;
      const views = Object.values(golden.tree('views')) as Tensor4D[];
      const { loss, metrics, grads, unused } = valueAndGrad(canLossWith(config))(
        params,
        { views },
        draws,
      );

      expect(unused).toEqual([]);
      expectClose(loss, golden.values('loss'), { rtol: 1e-5, atol: 1e-6 }, 'loss');
      const { negatives, ...measured } = metrics;
      if (config.views === 2) {
        expectClose(negatives as Tensor, 2 * (views[0]?.shape[0] ?? 0) - 2, { rtol: 0, atol: 0 });
      }
      expectTreeClose(measured, golden, 'metrics', 1e-5);
      // Batch normalisation makes some gradients zero by cancellation of others a thousand times larger.
      expectTreeClose(grads as Params, golden, 'grads', 3e-4);

      const own = initCan(key(0), config);
      const names = namedLeaves<Tensor>(own).map(([path]) => path);
      expect(names.toSorted()).toEqual(
        namedLeaves(params as Params)
          .map(([path]) => path)
          .toSorted(),
      );
      dispose([loss, ...views, ...(draws.noise ? [draws.noise] : [])]);
      for (const tree of [params, metrics, grads, own] as Params[]) disposeTree(tree);
    });

    it(`${variant}: features, embeddings and predictions`, () => {
      const draws = drawsOf(golden);
      const params = golden.tree('params') as CanParams;
      const views = Object.values(golden.tree('views')) as Tensor4D[];
      const parts = canForwardWith(config)(params, { views }, draws);
      const compare = (name: string, x: Tensor): void =>
        expectClose(x, golden.values(name), { rtol: 1e-4, atol: 1e-5 }, name);
      compare('features', parts.features);
      expect(parts.predictions !== undefined).toBe(golden.has('predictions'));
      expect(parts.noisePredictions !== undefined).toBe(golden.has('noisePredictions'));
      expect(parts.embeddings !== undefined).toBe(golden.has('embeddings/a'));
      if (parts.predictions) compare('predictions', parts.predictions);
      if (parts.noisePredictions) compare('noisePredictions', parts.noisePredictions);
      if (parts.embeddings) {
        const { a, b }: { a: Tensor2D; b: Tensor2D } = parts.embeddings;
        compare('embeddings/a', a);
        compare('embeddings/b', b);
      }
      dispose([parts as never, ...views, ...(draws.noise ? [draws.noise] : [])]);
      disposeTree(params as Params);
    });
  }
});
