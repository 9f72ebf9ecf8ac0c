import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type CanBatch,
  type CanOptions,
  type CanParams,
  canLargeBatch,
  canLoss,
  initCan,
} from '@twocan/can';
import { type Communicator, key, namedLeaves, solo } from '@twocan/core';
import { sgd } from '@twocan/optim';
import { describeBackends, inLockstep } from '@twocan/testkit';
import { initState, makeLargeBatchStep, makeStep, type Step } from '@twocan/trainer';
import { expect, it } from 'vitest';
import { images, part, small } from './fixture.ts';

const BATCH = 8;
// Not AdamW: it divides by the gradient's size, and where that is rounding alone so is the step.
const optimizer = sgd({ learningRate: 1 });

type Trained = {
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, readonly number[]>>;
};

/** This rank's rows of pieces of equal size, of a whole batch. */
function piecesOf(pieces: number, { rank, size }: Communicator): CanBatch[] {
  const views = [1, 2].map((seed) => images(seed, BATCH));
  const count = BATCH / pieces / size;
  return Array.from({ length: pieces }, (_, piece) => ({
    views: views.map((view) => part(view, (piece * size + rank) * count, count)),
  }));
}

function trained(
  options: CanOptions,
  step: Step<CanParams, readonly CanBatch[]>,
  pieces: number,
  communicator: Communicator,
): Trained {
  const state = initState(initCan(key(0), small(options)), optimizer, { ema: true });
  const next = step(state, piecesOf(pieces, communicator), key(1));
  const leaves = namedLeaves<Tensor>(next.state.params as never);
  return {
    metrics: Object.fromEntries(
      Object.entries(next.metrics).map(([name, x]) => [name, x.dataSync()[0] ?? Number.NaN]),
    ),
    params: Object.fromEntries(leaves.map(([path, leaf]) => [path, [...leaf.dataSync()]])),
  };
}

/** The kinds of steps that a run makes. */
const whole = (options: CanOptions, communicator: Communicator) => {
  const loss = canLoss(small(options));
  return makeStep<CanParams, readonly CanBatch[]>(
    (params, [batch], context) => loss(params, batch as CanBatch, context),
    optimizer,
    { communicator },
  );
};
const accumulated = (options: CanOptions, communicator: Communicator) =>
  makeStep<CanParams, CanBatch>(canLoss(small(options)), optimizer, {
    accumulate: 2,
    communicator,
  });
const inPieces = (options: CanOptions, communicator: Communicator) =>
  makeLargeBatchStep<CanParams, CanBatch>(canLargeBatch(small(options)), optimizer, {
    communicator,
  });

const weights = { contrastive: 0.5, reconstruction: 0.3, denoising: 0.2 };
const large = { hidden: 24, layers: 2, out: 6, batchNorm: true } as const;
const KINDS: readonly [string, CanOptions, typeof accumulated, number, number[]][] = [
  ['the light head', { weights }, whole, 1, [2, 4]],
  ['the large head, statistics of both views', { weights, projector: large }, whole, 1, [4]],
  [
    'the large head, statistics of each view',
    { weights, projector: { ...large, statistics: 'each-view' } },
    whole,
    1,
    [2],
  ],
  ['no contrast', { method: 'mae', views: 2 }, whole, 1, [4]],
  ['two batches accumulated', { weights }, accumulated, 2, [4]],
  ['a large batch in two pieces', { weights }, inPieces, 2, [4]],
];

/** Within so much of 1, or of a value above. */
const expectNear = (got: number | undefined, want: number, what: string): void =>
  expect(Math.abs((got ?? Number.NaN) - want), what).toBeLessThan(
    1e-5 * Math.max(1, Math.abs(want)),
  );

describeBackends('a training step on several ranks', () => {
  it.each(KINDS)('is that of one process with %s', (_, options, step, pieces, sizes) => {
    const one = trained(options, step(options, solo), pieces, solo);
    for (const size of sizes) {
      const ranks = inLockstep(size, (communicator) =>
        trained(options, step(options, communicator), pieces, communicator),
      );
      const [first] = ranks;
      for (const other of ranks) expect(other, 'the bits of rank 0').toEqual(first);
      expect(Object.keys(first?.metrics ?? {}).sort()).toEqual(Object.keys(one.metrics).sort());
      for (const [name, value] of Object.entries(one.metrics)) {
        expectNear(first?.metrics[name], value, name);
      }
      for (const [path, values] of Object.entries(one.params)) {
        for (const [i, value] of values.entries()) {
          expectNear(first?.params[path]?.[i], value, `${path}[${i}]`);
        }
      }
    }
  });
});
