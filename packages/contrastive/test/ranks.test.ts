import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { infoNCE, initProjector, project, uniformity } from '@twocan/contrastive';
import { type Communicator, key, namedLeaves, normal, solo, valueAndGrad } from '@twocan/core';
import { describeBackends, inLockstep } from '@twocan/testkit';
import { expect, it } from 'vitest';

const [RANKS, IMAGES, WIDTH, TEMPERATURE] = [4, 8, 6, 0.5];
const OWN = IMAGES / RANKS;
const views = [1, 2].map((seed) => normal(key(seed), IMAGES * WIDTH)) as [
  Float32Array,
  Float32Array,
];
/** Rows of both views from an image on. */
const rowsOf = (first: number, count: number): [Tensor2D, Tensor2D] =>
  views.map((view) =>
    tensor2d(view.subarray(first * WIDTH, (first + count) * WIDTH), [count, WIDTH]),
  ) as [Tensor2D, Tensor2D];

/** Loss and gradients of both views of images, in the order of the images. */
type Result = { readonly loss: number; readonly grads: readonly (readonly number[])[] };

function resultOf(communicator: Communicator, first: number, count: number): Result {
  const differentiate = valueAndGrad(([a, b]: readonly [Tensor2D, Tensor2D]) => ({
    loss: infoNCE(a, b, { temperature: TEMPERATURE, communicator }),
  }));
  const { loss, grads } = differentiate(rowsOf(first, count));
  return {
    loss: loss.dataSync()[0] ?? Number.NaN,
    grads: grads.map((grad) => [...grad.dataSync()]),
  };
}

/** The mean loss of all ranks, and the gradients of that. */
function joined(results: readonly Result[]): Result {
  const share = 1 / results.length;
  return {
    loss: results.reduce((sum, { loss }) => sum + loss * share, 0),
    grads: [0, 1].map((v) => results.flatMap(({ grads }) => grads[v]?.map((x) => x * share) ?? [])),
  };
}

const overRanks = (change: (communicator: Communicator) => Communicator): Result =>
  joined(
    inLockstep(RANKS, (communicator) =>
      resultOf(change(communicator), communicator.rank * OWN, OWN),
    ),
  );

/** The largest difference of two gradients. */
const distance = (x: Result, y: Result): number =>
  Math.max(
    ...x.grads.flatMap((view, v) =>
      view.map((value, i) => Math.abs(value - (y.grads[v]?.[i] ?? Number.NaN))),
    ),
  );

describeBackends('infoNCE over 4 ranks', () => {
  const one = (): Result => resultOf(solo, 0, IMAGES);

  it('has the loss and the gradient of one process', () => {
    const ranks = overRanks((communicator) => communicator);
    expect(Math.abs(ranks.loss - one().loss)).toBeLessThan(1e-6);
    expect(distance(ranks, one())).toBeLessThan(1e-6);
  });

  it.each<[string, (communicator: Communicator) => Communicator]>([
    ['a gather without the gradient of other ranks', (right) => ({ ...right, sum() {} })],
    [
      'a mean of gradients in place of their sum',
      (right) => ({
        ...right,
        sum(values) {
          right.sum(values);
          for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / right.size;
        },
      }),
    ],
    ["each rank's own negatives alone", () => solo],
  ])('would fail that with %s', (_, wrong) => {
    expect(distance(overRanks(wrong), one())).toBeGreaterThan(1e-3);
  });

  it('measures the uniformity of all rows', () => {
    const whole = uniformity(rowsOf(0, IMAGES)[0]).dataSync()[0] ?? Number.NaN;
    const each = inLockstep(RANKS, (communicator) =>
      uniformity(rowsOf(communicator.rank * OWN, OWN)[0], communicator).dataSync(),
    );
    for (const [value] of each) expect(value).toBeCloseTo(whole, 5);
  });
});

describeBackends('a projector with batch norm over 4 ranks', () => {
  it('has the loss and the gradients of one process', () => {
    const params = initProjector(key(3), {
      in: WIDTH,
      hidden: 24, // enough that no row is 0 after every ReLU
      layers: 2,
      out: 4,
      batchNorm: true,
    });
    const run = (communicator: Communicator, first: number, count: number) => {
      const differentiate = valueAndGrad((head: typeof params) => {
        const [a, b] = rowsOf(first, count).map((x) => project(head, x, communicator));
        return {
          loss: infoNCE(a as Tensor2D, b as Tensor2D, { temperature: TEMPERATURE, communicator }),
        };
      });
      const { loss, grads } = differentiate(params);
      const leaves = namedLeaves<Tensor2D>(grads as never).map(([, leaf]) => [...leaf.dataSync()]);
      return [[...loss.dataSync()], ...leaves];
    };
    const whole = run(solo, 0, IMAGES);
    const ranks = inLockstep(RANKS, (communicator) =>
      run(communicator, communicator.rank * OWN, OWN),
    );
    whole.forEach((values, leaf) => {
      values.forEach((value, i) => {
        const mean = ranks.reduce((sum, each) => sum + (each[leaf]?.[i] ?? Number.NaN), 0) / RANKS;
        expect(Math.abs(mean - value), `leaf ${leaf}[${i}]`).toBeLessThan(2e-6);
      });
    });
  });
});
