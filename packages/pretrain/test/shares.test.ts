import type { Tensor } from '@tensorflow/tfjs-core';
import { mapTree } from '@twocan/core';
import type { PretrainEvent, PretrainState, Settings } from '@twocan/pretrain';
import { describeBackends, expectClose } from '@twocan/testkit';
import { disposeState } from '@twocan/trainer';
import { expect, it } from 'vitest';
import { run, small, smallConfig } from './small.ts';

const TERMS = ['contrastive', 'reconstruction', 'denoising'] as const;

type Metrics = { readonly [name: string]: number };

const metricsOf = (events: readonly PretrainEvent[]): Metrics[] =>
  events.flatMap((event) => (event.type === 'step' ? [event.metrics] : []));

/** The numbers of the parameters at the end, which is given back. */
function ended(events: readonly PretrainEvent[]): number[] {
  const last = events.at(-1);
  if (last?.type !== 'done') throw new Error('a run that is done expected');
  const all: number[] = [];
  mapTree((leaf: Tensor) => all.push(...leaf.dataSync()), last.state.params);
  disposeState(last.state);
  return all;
}

const trained = async (settings: Settings) => {
  const events = await run(smallConfig(settings), small());
  return { metrics: metricsOf(events), params: ended(events) };
};

const sharesOf = (metrics: Metrics = {}): number[] =>
  TERMS.flatMap((name) => metrics[`share/${name}`] ?? []);

describeBackends('shares of the terms', () => {
  it('come with checkpoints, add up to 1, and change no weight', async () => {
    const usual = await trained({});
    expect(usual.metrics.map((own) => sharesOf(own).length)).toEqual([0, 3, 0, 3]);
    for (const own of usual.metrics.filter((_, i) => i % 2 === 1)) {
      expectClose(
        sharesOf(own).reduce((a, b) => a + b),
        1,
        { rtol: 1e-5 },
      );
    }
    const never = await trained({ shareEvery: 0 });
    expect(never.metrics.flatMap(sharesOf)).toEqual([]);
    expect(never.params).toEqual(usual.params);
    const each = await trained({ shareEvery: 1 });
    expect(each.metrics.map((own) => sharesOf(own).length)).toEqual([3, 3, 3, 3]);
    expect(sharesOf(each.metrics[1])).toEqual(sharesOf(usual.metrics[1]));
  });

  it('follow the weights: one that is ten times as large counts ten times as much', async () => {
    const first = async (weights: readonly [number, number, number]) =>
      sharesOf((await trained({ weights, steps: 1 })).metrics[0]);
    const [c = NaN, a = NaN, n = NaN] = await first([1, 1, 1]);
    const all = c + a + 10 * n;
    expectClose(await first([1, 1, 10]), [c / all, a / all, (10 * n) / all], { rtol: 1e-4 });
  });

  it('are none of a loss of one term', async () => {
    const { metrics } = await trained({ method: 'mae' });
    expect(metrics.flatMap((own) => Object.keys(own).filter((name) => name.includes('/')))).toEqual(
      [],
    );
  });
});

describeBackends('balanced terms', () => {
  const weights = [0.2, 0.3, 0.5] as const;

  it('get the weights that give them their shares', async () => {
    const plain = await trained({ weights, steps: 1, shareEvery: 1 });
    const { metrics } = await trained({ weights, steps: 1, balance: 'gradients' });
    // |g| of a term is share · T / weight, so the weight that is looked for is weight² / share.
    const expected = sharesOf(plain.metrics[0]).map((share, i) => (weights[i] ?? 0) ** 2 / share);
    const found = TERMS.map((name) => metrics[0]?.[`weight/${name}`] ?? Number.NaN);
    expectClose(found, expected, { rtol: 1e-4 });
    expect(metrics[0]?.loss).toBeCloseTo(plain.metrics[0]?.loss ?? NaN, 4);
  });

  it('go on bit for bit', async () => {
    const settings = { weights, balance: 'gradients' } as const;
    const whole = await run(smallConfig(settings), small());
    let half: PretrainState | undefined;
    const stop = new AbortController();
    const stopped = await run(
      smallConfig(settings),
      { ...small(), signal: stop.signal },
      (event) => {
        if (event.type === 'step' && event.step === 2) stop.abort();
      },
    );
    const last = stopped.at(-1);
    if (last?.type === 'done') half = last.state;
    expect(half?.step).toBe(2);
    const rest = await run(smallConfig(settings), { ...small(), ...(half && { state: half }) });
    expect(metricsOf(rest)).toEqual(metricsOf(whole).slice(2));
    expect(ended(rest)).toEqual(ended(whole));
  });

  it('are balanced in each of several batches', async () => {
    const { metrics } = await trained({ weights, balance: 'gradients', accumulate: 2, steps: 2 });
    expect(metrics).toHaveLength(2);
    expect(metrics.flatMap((own) => Object.values(own)).every(Number.isFinite)).toBe(true);
  });
});
