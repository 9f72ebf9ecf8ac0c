import {
  clone,
  customGrad,
  matMul,
  mean,
  memory,
  ones,
  type Scalar,
  square,
  type Tensor,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { type Communicator, disposeTree, key, solo } from '@twocan/core';
import { sgd } from '@twocan/optim';
import { describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { disposeState, initState, makeLargeBatchStep, makeStep, type Step } from '../src/index.ts';

type P = { readonly first: Tensor2D; readonly last: Tensor2D };

const WIDTH = 300;
const optimizer = sgd({ learningRate: 1 });

/** Notes when the backward pass comes by. */
const noted = (x: Tensor, note: () => void): Tensor =>
  customGrad((y: unknown) => ({
    value: clone(y as Tensor),
    gradFunc: (dy: Tensor) => {
      note();
      return dy;
    },
  }))(x);

const embedding = ({ first, last }: P, x: Tensor2D, note: () => void): Tensor =>
  matMul(noted(matMul(x, first), note) as Tensor2D, last);

/** Notes when sums begin, and when somebody waits for them. */
const recorded = (events: string[]): Communicator => ({
  ...solo,
  size: 2,
  startSum({ length }) {
    events.push(`start ${length}`);
    return {
      test: () => {
        events.push('test');
        return false;
      },
      wait: () => void events.push(`wait ${length}`),
    };
  },
});

/** Runs a step, and gives back how many tensors it left. */
function run<B>(step: Step<P, B>, batch: B): number {
  const params = { first: ones([WIDTH, WIDTH]), last: ones([WIDTH, WIDTH]) } as P;
  const state = initState(params, optimizer);
  const before = memory().numTensors;
  try {
    const next = tidy(() => step(state, batch, key(0)) as never) as ReturnType<typeof step>;
    disposeState(next.state);
    disposeTree(next.metrics);
  } finally {
    disposeState(state);
    disposeTree(params);
  }
  return memory().numTensors - before + 4;
}

describeBackends('gradients of several ranks', () => {
  const batch = (): Tensor2D => ones([2, WIDTH]) as Tensor2D;
  const large = `${WIDTH * WIDTH}`;

  it('begin to be summed during the backward pass', () => {
    const events: string[] = [];
    const note = (): void => void events.push('in between');
    const step = makeStep<P, Tensor2D>(
      (params, x) => ({ loss: mean(square(embedding(params, x, note))) as Scalar }),
      optimizer,
      { communicator: recorded(events) },
    );
    const x = batch();
    expect(run(step, x)).toBe(0);
    expect(events.filter((event) => event !== 'test')).toEqual([
      ...[`start ${large}`, 'in between', `start ${large}`],
      // The loss is a sum of its own.
      ...['start 1', `wait ${large}`, `wait ${large}`, 'wait 1'],
    ]);
    expect(events.slice(events.indexOf('in between'))).toContain('test');
    x.dispose();
  });

  it('begin to be summed in the last of several parts', () => {
    for (const kind of ['accumulated', 'large batch'] as const) {
      const events: string[] = [];
      const note = (): void => void events.push('in between');
      const communicator = recorded(events);
      const step =
        kind === 'accumulated'
          ? makeStep<P, Tensor2D>(
              (params, x) => ({ loss: mean(square(embedding(params, x, note))) as Scalar }),
              optimizer,
              { communicator, accumulate: 2 },
            )
          : makeLargeBatchStep<P, Tensor2D>(
              {
                part: (params, x) => ({ embeddings: [embedding(params, x, note)] }),
                joint: ([z]) => ({ loss: mean(square(z as Tensor)) as Scalar }),
              },
              optimizer,
              { communicator },
            );
      const parts = [batch(), batch()];
      expect(run(step, parts)).toBe(0);
      expect(events.filter((event) => event !== 'test')).toEqual([
        ...['in between', `start ${large}`, 'in between', `start ${large}`, 'start 1'],
        ...[`wait ${large}`, `wait ${large}`, 'wait 1'],
      ]);
      disposeTree(parts);
    }
  });

  it('are waited for when the backward pass fails, and are freed', () => {
    const events: string[] = [];
    const fail = (): void => {
      throw new Error('in between');
    };
    const left = (communicator: Communicator): number => {
      const step = makeStep<P, Tensor2D>(
        (params, x) => ({ loss: mean(square(embedding(params, x, fail))) as Scalar }),
        optimizer,
        { communicator },
      );
      const x = batch();
      const before = memory().numTensors;
      expect(() => run(step, x)).toThrow('in between');
      const after = memory().numTensors;
      x.dispose();
      return after - before;
    };
    // TensorFlow.js keeps what its tape has saved for a backward pass that fails.
    expect(left(recorded(events))).toBe(left(solo));
    expect(events).toEqual([`start ${large}`, 'test', `wait ${large}`]);
  });
});
