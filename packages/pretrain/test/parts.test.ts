import { clone, type Tensor } from '@tensorflow/tfjs-core';
import { mapTree, namedLeaves, type Params } from '@twocan/core';
import {
  evaluateEncoder,
  type PretrainEvent,
  type PretrainState,
  trainedParams,
} from '@twocan/pretrain';
import { describeBackends, expectClose } from '@twocan/testkit';
import { disposeState } from '@twocan/trainer';
import { expect, it } from 'vitest';
import { lossesOf, run, small, smallConfig } from './small.ts';

/** SimCLR draws nothing in the loss, so that steps can be compared whatever their keys. */
const SIMCLR = { method: 'simclr', batch: 4, steps: 3, checkpointEvery: 0 } as const;

type Copy<S> = { -readonly [Name in keyof S]: S[Name] };

function copyOf({ step, params, optimizer, ema }: PretrainState): PretrainState {
  const copy = <T>(tree: T): T => mapTree((leaf: Tensor) => clone(leaf), tree as never) as T;
  const state: Copy<PretrainState> = { step, params: copy(params), optimizer: copy(optimizer) };
  if (ema) state.ema = copy(ema);
  return state;
}

function end(events: readonly PretrainEvent[]): PretrainState {
  const last = events.at(-1);
  if (last?.type !== 'done') throw new Error('a run that is done expected');
  return last.state;
}

const numbersOf = (tree: unknown): number[] =>
  namedLeaves<Tensor>(tree as Params).flatMap(([, leaf]) => [...leaf.dataSync()]);

describeBackends('a step in parts', () => {
  it('has the losses of the whole batch, step after step', async () => {
    const whole = await run(smallConfig(SIMCLR), small());
    const parts = await run(smallConfig({ ...SIMCLR, microBatch: 2 }), small());
    expect(lossesOf(parts)).toHaveLength(3);
    expectClose(lossesOf(parts), lossesOf(whole), { rtol: 1e-4 });
    const negatives = parts.flatMap((event) =>
      event.type === 'step' ? event.metrics.negatives : [],
    );
    expect(negatives).toEqual([6, 6, 6]);
    for (const events of [whole, parts]) disposeState(end(events));
  });

  it('draws masks and noise for each part, where no term couples images too', async () => {
    const settings = { ...SIMCLR, method: 'mae', lr: 0, steps: 2 } as const;
    const [whole, parts] = [
      await run(smallConfig(settings), small()),
      await run(smallConfig({ ...settings, microBatch: 2 }), small()),
    ];
    // Other patches are hidden, of the same images: near, and not the same.
    expectClose(lossesOf(parts), lossesOf(whole), { rtol: 0.5 });
    expect(lossesOf(parts)).not.toEqual(lossesOf(whole));
    for (const events of [whole, parts]) disposeState(end(events));
  });

  it('sums batches up: with fixed weights its loss is their mean', async () => {
    const settings = { ...SIMCLR, lr: 0, batch: 3 };
    const alone = await run(smallConfig({ ...settings, steps: 4 }), small());
    const pairs = await run(smallConfig({ ...settings, steps: 2, accumulate: 2 }), small());
    const [a = NaN, b = NaN, c = NaN, d = NaN] = lossesOf(alone);
    expectClose(lossesOf(pairs), [(a + b) / 2, (c + d) / 2], { rtol: 1e-5 });
    for (const events of [alone, pairs]) disposeState(end(events));
  });
});

describeBackends('the norm of gradients', () => {
  it('is bounded: the first moment is a tenth of it', async () => {
    const events = await run(smallConfig({ ...SIMCLR, steps: 1, clip: 0.01 }), small());
    const [first] = events.filter((event) => event.type === 'step');
    expect(first?.type === 'step' && first.metrics.gradNorm).toBeGreaterThan(0.01);
    const [, adam] = end(events).optimizer as unknown as [unknown, { readonly m: unknown }];
    expectClose([Math.hypot(...numbersOf(adam.m))], [0.1 * 0.01], { rtol: 1e-4 });
    disposeState(end(events));
  });
});

describeBackends('the average of the weights', () => {
  it('follows them by its decay, and is what is evaluated', async () => {
    const config = smallConfig({ ...SIMCLR, ema: 0.5, checkpointEvery: 1 });
    const states: PretrainState[] = [];
    const events = await run(config, small(), (event) => {
      if (event.type === 'checkpoint') states.push(copyOf(event.state));
    });
    // The average starts at the weights that the run starts from.
    const first = states[0] as PretrainState;
    for (const [before, after] of [
      [first, states[1]],
      [states[1], states[2]],
    ]) {
      const [e, p] = [numbersOf(before?.ema), numbersOf(after?.params)];
      const expected = e.map((value, i) => value + 0.5 * ((p[i] ?? NaN) - value));
      expectClose(numbersOf(after?.ema), expected, { rtol: 1e-5, atol: 1e-7 });
    }
    const evaluated = events.findLast((event) => event.type === 'evaluation');
    const { evaluation: sets, dataset } = small();
    const scoresOf = async (params: PretrainState['params']) =>
      (await evaluateEncoder(config, params, { images: dataset, ...(sets && { sets }) })).scores;
    const last = end(events);
    expect(trainedParams(last)).toBe(last.ema);
    const scores = evaluated?.type === 'evaluation' ? evaluated.scores : undefined;
    expect(scores).toEqual(await scoresOf(trainedParams(last)));
    expect(scores).not.toEqual(await scoresOf(last.params));
    for (const state of states) disposeState(state);
    disposeState(last);
  });
});

describeBackends('a run with all of it', () => {
  it.each([
    ['accumulated', { accumulate: 2, batch: 2 }],
    ['in parts', { microBatch: 2, batch: 4 }],
  ])('goes on bit for bit, %s', async (_, parts) => {
    const config = smallConfig({ ...parts, steps: 4, checkpointEvery: 2, ema: 0.9, clip: 0.1 });
    const whole = await run(config, small());
    let saved: PretrainState | undefined;
    const stop = new AbortController();
    const cut = await run(config, { ...small(), signal: stop.signal }, (event) => {
      if (event.type === 'step' && event.step === 2) stop.abort();
      if (event.type === 'checkpoint') saved = copyOf(event.state);
    });
    const rest = await run(config, { ...small(), state: saved });
    expect([...lossesOf(cut), ...lossesOf(rest)]).toEqual(lossesOf(whole));
    for (const name of ['params', 'ema', 'optimizer'] as const) {
      expect(numbersOf(end(rest)[name])).toEqual(numbersOf(end(whole)[name]));
    }
    for (const events of [whole, cut, rest]) disposeState(end(events));
  });
});
