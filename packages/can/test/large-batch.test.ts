import {
  concat,
  mean,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  type CanBatch,
  type CanConfig,
  type CanParams,
  canLargeBatch,
  canLossWith,
  contrastiveTerm,
  type Draws,
  drawCorruption,
  initCan,
  type Term,
} from '@twocan/can';
import { disposeTree, fold, key, mapTree, namedLeaves } from '@twocan/core';
import { sgd } from '@twocan/optim';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { disposeState, initState, makeLargeBatchStep, makeStep } from '@twocan/trainer';
import { expect, it } from 'vitest';
import { images, pickDraws, small } from './fixture.ts';

const SIZE = 2;
const partsOf = (count: number): CanBatch[] =>
  Array.from({ length: count }, (_, i) => ({
    views: [images(2 * i, SIZE), images(2 * i + 1, SIZE)],
  }));
const joined = (parts: readonly CanBatch[]): CanBatch => ({
  views: [0, 1].map((v) => concat(parts.flatMap(({ views }) => views[v] ?? []))),
});

/** The draws of the parts as those of the whole batch: view 1 of all parts, then view 2. */
function drawsOf(config: CanConfig, parts: readonly CanBatch[], step: number): Draws {
  const draws = parts.map((part, i) => drawCorruption(fold(fold(key(1), step), i), config, part));
  const halves = [0, 1].flatMap((v) =>
    draws.map((own) => pickDraws(own, [SIZE * v, SIZE * v + 1])),
  );
  const [first] = halves;
  if (!first?.mask) throw new Error('a mask expected');
  const integers = (name: 'keep' | 'restore') =>
    Int32Array.from(halves.flatMap(({ mask }) => [...(mask?.[name] ?? [])]));
  return {
    mask: {
      ...first.mask,
      batch: SIZE * halves.length,
      keep: integers('keep'),
      restore: integers('restore'),
    },
    levels: Float32Array.from(halves.flatMap(({ levels }) => [...(levels ?? [])])),
    noise: concat(halves.flatMap(({ noise }) => noise ?? [])),
  };
}

describeBackends('canLargeBatch', () => {
  const optimizer = sgd({ learningRate: 1 });

  it('makes the step of the whole batch, every term included', () => {
    tidy(() => {
      const config = small({ weights: { contrastive: 0.5, reconstruction: 0.3, denoising: 0.2 } });
      const parts = partsOf(3);
      const state = initState(initCan(key(0), config), optimizer);
      const got = makeLargeBatchStep(canLargeBatch(config), optimizer)(state, parts, key(1));
      const lossOf = canLossWith(config);
      const whole = makeStep<CanParams, CanBatch>(
        (params, batch) => lossOf(params, batch, drawsOf(config, parts, 0)),
        optimizer,
      )(state, joined(parts), key(1));
      for (const [name, value] of Object.entries(whole.metrics)) {
        expectClose(got.metrics[name] as Tensor, value, { rtol: 1e-4, atol: 1e-5 }, name);
      }
      expect(Object.keys(got.metrics).sort()).toEqual(Object.keys(whole.metrics).sort());
      const expected = new Map(namedLeaves(whole.state.params));
      for (const [path, leaf] of namedLeaves(got.state.params)) {
        expectClose(leaf, expected.get(path) ?? [], { rtol: 1e-3, atol: 1e-5 }, path);
      }
      expect(got.unused).toEqual([]);
    });
  });

  it('computes a term that needs more than embeddings part by part', () => {
    tidy(() => {
      const config = small({ method: 'simclr' });
      const follow: Term<'embeddings' | 'teacher'> = {
        name: 'follow',
        weight: 1,
        needs: ['embeddings', 'teacher'],
        loss: ({ embeddings: { a }, teacher }) => ({
          loss: mean(sum(square(sub(a, teacher.embeddings?.b ?? a)), 1)) as Scalar,
        }),
      };
      const terms: Term[] = [contrastiveTerm(config), follow];
      const params = initCan(key(0), config, { terms });
      const ema = mapTree((leaf: Tensor) => leaf.clone(), initCan(key(7), config, { terms }));
      const state = { ...initState(params, optimizer), ema: ema as CanParams };
      const parts = partsOf(2);
      const step = makeLargeBatchStep(canLargeBatch(config, { terms }), optimizer);
      const { metrics } = step(state, parts, key(1));
      const whole = canLossWith(config, { terms })(
        params,
        joined(parts),
        {},
        { teacher: state.ema },
      );
      expectClose(metrics.loss as Tensor, whole.loss, { rtol: 1e-4 });
      expectClose(metrics.follow as Tensor, whole.metrics?.follow ?? [], { rtol: 1e-4 });
      expectClose(metrics.negatives as Tensor, 6);
    });
  });

  it('leaks nothing', () => {
    const config = small();
    const params = initCan(key(0), config);
    const state = initState(params, optimizer);
    const parts = partsOf(2);
    const step = makeLargeBatchStep(canLargeBatch(config), optimizer);
    expectNoLeak(() => step(state, parts, key(1)) as never);
    disposeState(state);
    disposeTree([params, parts] as never);
  });

  it('refuses what it could not compute exactly', () => {
    expect(() =>
      canLargeBatch(small({ projector: { hidden: 12, out: 6, batchNorm: true } })),
    ).toThrow('canLargeBatch: config.projector.batchNorm must be false, got true');
    expect(() => canLargeBatch(small({ method: 'mae' }))).toThrow(
      'canLargeBatch: terms must hold one that needs embeddings alone',
    );
  });
});
