import { mean, memory, mul, type Scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { disposeTree, key } from '@twocan/core';
import { sgd } from '@twocan/optim';
import { describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { disposeState, fit, initState, makeStep, type TrainState } from '../src/index.ts';

type P = { readonly w: Tensor };
type B = { readonly x: Tensor };

const optimizer = sgd({ learningRate: 0.5 });
const step = makeStep<P, B>(
  (params, { x }) => ({ loss: mean(mul(params.w, x)) as Scalar }),
  optimizer,
);
const begin = (): TrainState<P> => {
  const params = { w: tensor1d([1, 2]) };
  const state = initState(params, optimizer);
  disposeTree(params);
  return state;
};
const batch = (t: number): B => ({ x: tensor1d([t, 1]) });

describeBackends('the batches that fit asks for', () => {
  it.each([
    [0, 4, [0, 1, 2, 3]],
    [3, 5, [3, 4]],
    [4, 5, [4]],
    [5, 5, []],
    [6, 5, []],
  ])('from step %d until %d are those of each step, once', async (from, until, expected) => {
    const asked: number[] = [];
    const before = memory().numTensors;
    const batches = (t: number): B => {
      asked.push(t);
      return batch(t);
    };
    const state = { ...begin(), step: from };
    for await (const event of fit({ state, step, key: key(0), batches, until })) {
      if (event.type !== 'done') continue;
      expect(event.aborted).toBe(false);
      disposeState(event.state);
    }
    expect(asked).toEqual(expected);
    expect(memory().numTensors).toBe(before);
  });

  it('are one ahead of the step that is computed', async () => {
    const asked: number[] = [];
    const batches = async (t: number): Promise<B> => {
      asked.push(t);
      return batch(t);
    };
    const seen: number[] = [];
    for await (const event of fit({ state: begin(), step, key: key(0), batches, until: 3 })) {
      if (event.type === 'step') seen.push(asked.length);
      if (event.type === 'done') disposeState(event.state);
    }
    expect(seen).toEqual([2, 3, 3]);
  });

  it('are each that of its step', async () => {
    // w ← w - 0.5·x/2 for x = (t, 1): after t = 0, 1, 2 it is (1 - 0.25·3, 2 - 0.25·3).
    const options = { step, key: key(0), batches: batch, until: 3 };
    for await (const event of fit({ ...options, state: begin() })) {
      if (event.type !== 'done') continue;
      expect([...event.state.params.w.dataSync()]).toEqual([0.25, 1.25]);
      disposeState(event.state);
    }
  });

  it.each([false, true])(
    'are freed when the caller leaves, unless kept (%s)',
    async (keepBatches) => {
      const made: Tensor[] = [];
      const batches = (t: number): B => {
        const fresh = batch(t);
        made.push(fresh.x);
        return fresh;
      };
      const options = { state: begin(), step, key: key(0), batches, until: 9, keepBatches };
      for await (const event of fit(options)) if (event.type === 'step') break;
      expect(made.map((x) => x.isDisposed)).toEqual([!keepBatches, !keepBatches]);
      if (keepBatches) disposeTree(made);
    },
  );

  it('of an iterable are read no further than the end, and it is closed', async () => {
    const log: (number | string)[] = [];
    async function* endless(): AsyncGenerator<B> {
      try {
        for (let t = 0; ; t++) {
          log.push(t);
          yield batch(t);
        }
      } finally {
        log.push('closed');
      }
    }
    const options = { state: begin(), step, key: key(0), batches: endless(), until: 2 };
    for await (const event of fit(options)) if (event.type === 'done') disposeState(event.state);
    expect(log).toEqual([0, 1, 'closed']);
  });

  it('that fail are reported by the step that needs them, not before', async () => {
    const batches = async (t: number): Promise<B> => {
      if (t === 1) throw new Error('unreadable');
      return batch(t);
    };
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of fit({ state: begin(), step, key: key(0), batches, until: 3 })) {
        seen.push(event.type);
      }
    };
    await expect(run()).rejects.toThrow('unreadable');
    expect(seen).toEqual(['step']);
  });
});

describeBackends('the events of fit', () => {
  const collect = async (more: object) => {
    const events = [];
    const options = { state: begin(), step, key: key(0), batches: batch, until: 4, ...more };
    for await (const event of fit(options)) events.push(event);
    const done = events.at(-1);
    if (done?.type !== 'done') throw new Error('no end');
    disposeState(done.state);
    return events;
  };

  it('have one checkpoint at the end, where one is due there as well', async () => {
    const events = await collect({ checkpointEvery: 2 });
    expect(events.map((e) => (e.type === 'step' ? e.step : e.type))).toEqual([
      ...[1, 2, 'checkpoint', 3, 4, 'checkpoint', 'done'],
    ]);
  });

  it('tell the rate of the step that was taken, from a schedule', async () => {
    const events = await collect({ learningRate: (t: number) => t / 8 });
    const rates = events.flatMap((e) => (e.type === 'step' ? [e.learningRate] : []));
    expect(rates).toEqual([0, 1 / 8, 2 / 8, 3 / 8]);
  });

  it('leave out what fit was not given, and time each step', async () => {
    for (const event of await collect({})) {
      if (event.type !== 'step') continue;
      const names = ['metrics', 'millis', 'state', 'step', 'type', 'unused'];
      expect(Object.keys(event).sort()).toEqual(names);
      expect(event.millis).toBeGreaterThanOrEqual(0);
      expect(event.millis).toBeLessThan(60_000);
    }
  });

  it('say so when the signal was there before the first step', async () => {
    const events = await collect({ signal: { aborted: true } });
    expect(events.map((e) => e.type)).toEqual(['checkpoint', 'done']);
    expect(events.at(-1)).toMatchObject({ aborted: true });
  });

  it.each([
    [{ signal: true }, 'signal'],
    [{ signal: {} }, 'signal'],
    [{ until: -1 }, 'until'],
    [{ until: 1.5 }, 'until'],
    [{ until: Number.NaN }, 'until'],
    [{ checkpointEvery: 0 }, 'checkpointEvery'],
    [{ checkpointEvery: -1 }, 'checkpointEvery'],
    [{ checkpointEvery: 1.5 }, 'checkpointEvery'],
  ])('are none for %j', async (more, name) => {
    const state = begin();
    await expect(collect({ state, ...more })).rejects.toThrow(new RegExp(`^fit: ${name} must be`));
    disposeState(state);
  });

  it('are a checkpoint and the end until step 0', async () => {
    expect((await collect({ until: 0 })).map((e) => e.type)).toEqual(['checkpoint', 'done']);
  });
});
