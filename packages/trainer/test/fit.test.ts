import {
  add,
  clone,
  log,
  mean,
  memory,
  mul,
  type Scalar,
  square,
  sub,
  type Tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { decodeCheckpoint, encodeCheckpoint } from '@twocan/checkpoint';
import {
  disposeTree,
  fold,
  type Key,
  key,
  type LossContext,
  type LossOutput,
  mapTree,
  namedLeaves,
  normal,
  uniform,
} from '@twocan/core';
import { adamw, chain, clipByGlobalNorm, sgd, warmupCosine } from '@twocan/optim';
import { describeBackends, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import {
  disposeState,
  fit,
  initState,
  isNonFinite,
  makeStep,
  type TrainEvent,
  type TrainState,
} from '../src/index.ts';

type P = { readonly w: Tensor; readonly b: Tensor };
type B = { readonly x: Tensor; readonly note: Float32Array };

/** A regression with noise from the key, so that a wrong key shows. */
function loss(params: P, { x }: B, { key: from }: LossContext): LossOutput {
  const noise = tensor2d(normal(from, 6), [2, 3]);
  const error = sub(add(mul(params.w, x), params.b), noise);
  const value = mean(square(error)) as Scalar;
  return { loss: value, metrics: { bias: mean(params.b) as Scalar } };
}

const root = key(7);
const start = (): P => ({ w: tensor2d([0.1, 0.2, 0.3], [1, 3]), b: tensor1d([0.5, 0, -0.5]) });
const batches = (step: number): B => ({
  x: tensor2d(uniform(fold(fold(root, 'data'), step), 6), [2, 3]),
  note: new Float32Array(4),
});
const optimizer = chain(
  clipByGlobalNorm(0.5),
  adamw({ learningRate: warmupCosine({ base: 0.1, warmup: 3, total: 12 }) }),
);
const step = makeStep<P, B>(loss, optimizer, { ema: 0.9 });

function begin(): TrainState<P> {
  const params = start();
  const state = initState(params, optimizer, { ema: true });
  disposeTree(params);
  return state;
}

const values = (state: TrainState): unknown =>
  namedLeaves<Tensor>([state.params, state.optimizer, state.ema ?? []]).map(([path, t]) => [
    path,
    [...t.dataSync()],
  ]);

async function collect(run: AsyncIterable<TrainEvent<P>>): Promise<TrainEvent<P>[]> {
  const events: TrainEvent<P>[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const last = (events: readonly TrainEvent<P>[]): TrainState<P> => {
  const event = events.at(-1);
  if (event?.type !== 'done') throw new Error(`the last event is ${event?.type}`);
  return event.state;
};

describeBackends('fit', () => {
  it('resumed from the bytes of a checkpoint equals the uninterrupted run, bit for bit', async () => {
    const whole = last(await collect(fit({ state: begin(), step, key: root, batches, until: 10 })));
    const half = last(await collect(fit({ state: begin(), step, key: root, batches, until: 4 })));
    const saved = await encodeCheckpoint({ ...half, key: root });
    disposeState(half);
    const { key: from = key(0), ...loaded } = decodeCheckpoint(saved);
    const state = loaded as unknown as TrainState<P>;
    const resumed = last(await collect(fit({ state, step, key: from, batches, until: 10 })));
    expect(resumed.step).toBe(10);
    expect(values(resumed)).toEqual(values(whole));
    disposeState(whole);
    disposeState(resumed);
  });

  it('keeps the number of tensors constant and ends with the state alone', async () => {
    const before = memory().numTensors;
    const counts: number[] = [];
    for await (const event of fit({ state: begin(), step, key: root, batches, until: 8 })) {
      if (event.type === 'step') counts.push(memory().numTensors);
      if (event.type === 'done') disposeState(event.state);
    }
    // The batch fetched ahead is there at every step but the last.
    expect(new Set(counts.slice(0, -1)).size).toBe(1);
    expect(memory().numTensors).toBe(before);
  });

  it('tells steps, checkpoints and the end in order', async () => {
    const events = await collect(
      fit({
        state: begin(),
        step,
        key: root,
        batches,
        until: 5,
        checkpointEvery: 2,
        learningRate: 0.25,
        examples: ({ x }) => x.shape[0] ?? 0,
      }),
    );
    expect(events.map((e) => (e.type === 'step' ? e.step : e.type))).toEqual([
      1,
      2,
      'checkpoint',
      3,
      4,
      'checkpoint',
      5,
      'checkpoint',
      'done',
    ]);
    const first = events[0];
    expect(first).toMatchObject({ learningRate: 0.25, examples: 2, unused: [] });
    if (first?.type === 'step')
      expect(Object.keys(first.metrics).sort()).toEqual(['bias', 'gradNorm', 'loss']);
    disposeState(last(events));
  });

  it('stops between steps after a checkpoint when aborted', async () => {
    const stop = new AbortController();
    const seen: (number | string)[] = [];
    const before = memory().numTensors;
    for await (const event of fit({
      state: begin(),
      step,
      key: root,
      batches,
      until: 9,
      signal: stop.signal,
    })) {
      seen.push(event.type === 'step' ? event.step : event.type);
      if (event.type === 'step' && event.step === 2) stop.abort();
      if (event.type === 'done') {
        expect(event.aborted).toBe(true);
        disposeState(event.state);
      }
    }
    expect(seen).toEqual([1, 2, 'checkpoint', 'done']);
    expect(memory().numTensors).toBe(before);
  });

  it('keeps the last finite state when the loss is not finite', async () => {
    const before = memory().numTensors;
    const poisoned = (t: number): B =>
      t < 3
        ? batches(t)
        : { x: tensor2d(new Float32Array(6).fill(Number.NaN), [2, 3]), note: new Float32Array(0) };
    const good = last(await collect(fit({ state: begin(), step, key: root, batches, until: 3 })));
    const run = collect(
      fit({ state: begin(), step, key: root, batches: poisoned, until: 9, learningRate: 0.1 }),
    );
    const error: unknown = await run.catch((e: unknown) => e);
    if (!isNonFinite(error)) throw error;
    expect(error.code).toBe('NON_FINITE');
    expect(error.message).toMatch(/loss NaN.* at step 3; lower the learning rate \(it is 0.1\)/);
    expect(values(error.state as TrainState)).toEqual(values(good));
    disposeState(error.state as TrainState);
    disposeState(good);
    expect(memory().numTensors).toBe(before);
  });

  it('keeps the state when nothing but a metric is not finite', async () => {
    const odd = makeStep<P, B>((params, batch, context) => {
      const { loss: value, metrics } = loss(params, batch, context);
      return {
        loss: value,
        metrics: { ...metrics, odd: log(sub(3, batch.note.length)) as Scalar },
      };
    }, optimizer);
    const growing = (t: number): B => ({ ...batches(t), note: new Float32Array(t) });
    const plain = makeStep<P, B>(loss, optimizer);
    const good = last(
      await collect(fit({ state: begin(), step: plain, key: root, batches: growing, until: 3 })),
    );
    const run = collect(fit({ state: begin(), step: odd, key: root, batches: growing, until: 9 }));
    const error: unknown = await run.catch((e: unknown) => e);
    if (!isNonFinite(error)) throw error;
    expect(error.message).toMatch(/odd -Infinity at step 3/);
    expect(values(error.state as TrainState)).toEqual(values(good));
    disposeState(error.state as TrainState);
    disposeState(good);
  });

  it('writes over nothing that the caller cloned', async () => {
    const state = begin();
    const mine = mapTree((p: Tensor) => clone(p), state.params) as P;
    disposeState(last(await collect(fit({ state, step, key: root, batches, until: 2 }))));
    const fresh = start();
    expect(mine.w.dataSync()).toEqual(fresh.w.dataSync());
    disposeTree([mine, fresh]);
  });

  it('frees everything when the caller leaves early or the data fail', async () => {
    const before = memory().numTensors;
    for await (const event of fit({ state: begin(), step, key: root, batches, until: 9 })) {
      if (event.type === 'step' && event.step === 2) break;
    }
    expect(memory().numTensors).toBe(before);
    const failing = (t: number): B => {
      if (t === 2) throw new Error('disk');
      return batches(t);
    };
    await expect(
      collect(fit({ state: begin(), step, key: root, batches: failing, until: 9 })),
    ).rejects.toThrow('disk');
    expect(memory().numTensors).toBe(before);
  });

  it('reads iterables, and says when they end early', async () => {
    async function* three(): AsyncGenerator<B> {
      for (let t = 0; t < 3; t++) yield batches(t);
    }
    const state = last(
      await collect(fit({ state: begin(), step, key: root, batches: three(), until: 3 })),
    );
    const same = last(await collect(fit({ state: begin(), step, key: root, batches, until: 3 })));
    expect(values(state)).toEqual(values(same));
    disposeState(state);
    disposeState(same);
    const run = collect(fit({ state: begin(), step, key: root, batches: three(), until: 4 }));
    await expect(run).rejects.toThrow(/batches ended at step 3 of 4/);
  });

  it('leaves a kept batch alive and does nothing for a finished state', async () => {
    const batch = batches(0);
    const options = { step, key: root, batches: () => batch, keepBatches: true };
    const state = last(await collect(fit({ ...options, state: begin(), until: 2 })));
    expect(batch.x.isDisposed).toBe(false);
    const again = await collect(fit({ ...options, state, until: 2 }));
    expect(again.map((e) => e.type)).toEqual(['checkpoint', 'done']);
    disposeState(last(again));
    batch.x.dispose();
  });

  it('refuses bad numbers', async () => {
    const options = { state: begin(), step, key: root, batches };
    await expect(collect(fit({ ...options, until: 1, untill: 2 } as never))).rejects.toThrow(
      /^fit: options must have only .*until.*, got 'untill'/,
    );
    await expect(collect(fit({ ...options, until: -1 }))).rejects.toThrow(/until/);
    await expect(collect(fit({ ...options, until: 1, checkpointEvery: 0 }))).rejects.toThrow(
      /checkpointEvery/,
    );
    disposeState(options.state);
  });
});

describeBackends('makeStep', () => {
  it('borrows, leaks nothing, and changes every leaf', () => {
    const [state, batch] = [{ ...begin(), step: 5 }, batches(0)];
    expectNoLeak(() => step(state, batch, root) as never);
    expectNoLeak(() => initState(state.params, sgd({ learningRate: 1 }), { ema: true }) as never);
    const next = step(state, batch, root);
    const [before, after] = [values(state), values(next.state)] as [unknown[], unknown[]];
    before.forEach((leaf, i) => {
      expect(after[i]).not.toEqual(leaf);
    });
    expect(next.state.step).toBe(6);
    disposeState(next.state);
    disposeState(state);
    disposeTree([batch.x, next.metrics]);
  });

  it('moves the average by its decay', () => {
    const plain = sgd({ learningRate: 1 });
    const params = { w: tensor1d([0]) };
    const state = initState(params, plain, { ema: true });
    const oneStep = makeStep<typeof params, null>(
      (p) => ({ loss: mean(mul(p.w, -1)) as Scalar }),
      plain,
      { ema: 0.75 },
    );
    const next = oneStep(state, null, root);
    expect(next.state.params.w.dataSync()[0]).toBe(1);
    expect(next.state.ema?.w.dataSync()[0]).toBe(0.25);
    disposeState(next.state);
    disposeState(state);
    disposeTree([params, next.metrics]);
  });

  it('averages the gradients of accumulated batches and names unused parameters', () => {
    const plain = sgd({ learningRate: 1 });
    const params = { w: tensor1d([1]), idle: tensor1d([1]) };
    const state = initState(params, plain);
    const square1 = (p: typeof params, x: number): LossOutput => ({
      loss: mean(mul(p.w, x)) as Scalar,
    });
    const accumulated = makeStep(square1, plain, { accumulate: 4 });
    const next = accumulated(state, [1, 2, 3, 6], root);
    expect(next.state.params.w.dataSync()[0]).toBe(1 - 3);
    expect(next.metrics.loss?.dataSync()[0]).toBe(3);
    expect(next.unused).toEqual(['idle']);
    disposeState(next.state);
    disposeTree(next.metrics);
    expectNoLeak(() => accumulated(state, [1, 2, 3, 6], root) as never);
    expect(() => accumulated(state, [1], root)).toThrow(/accumulates 4 batches, got 1/);
    disposeState(state);
    disposeTree(params);
  });

  it('gives each accumulated part a key of its own', () => {
    const seen: Key[] = [];
    const plain = sgd({ learningRate: 1 });
    const params = { w: tensor1d([1]) };
    const state = initState(params, plain);
    const spy = (p: typeof params, _: number, context: LossContext): LossOutput => {
      seen.push(context.key);
      return { loss: mean(p.w) as Scalar };
    };
    disposeTree(makeStep(spy, plain, { accumulate: 2 })(state, [1, 2], root).state.params);
    expect(seen).toEqual([fold(fold(root, 0), 0), fold(fold(root, 0), 1)]);
    disposeState(state);
    disposeTree(params);
  });

  it('refuses an average that the state does not keep', () => {
    const plain = sgd({ learningRate: 1 });
    const params = start();
    const state = initState(params, plain);
    const batch = batches(0);
    expect(() => makeStep<P, B>(loss, plain, { ema: 0.9 })(state, batch, root)).toThrow(
      /ema: true/,
    );
    expect(() => makeStep<P, B>(loss, plain, { ema: 1 })).toThrow(/ema must lie in \[0, 1\)/);
    expect(() => makeStep<P, B>(loss, plain, { accumulate: 0 })).toThrow(/accumulate/);
    disposeState(state);
    disposeTree([params, batch.x]);
  });
});
