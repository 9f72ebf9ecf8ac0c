import { clone, memory, type Tensor, tensor4d } from '@tensorflow/tfjs-core';
import { encode } from '@twocan/can';
import { disposeTree, mapTree } from '@twocan/core';
import { type Dataset, plainViews } from '@twocan/data';
import { knnAccuracy } from '@twocan/evaluate';
import {
  explosionOf,
  freshParams,
  type PretrainEvent,
  type PretrainState,
  pretrainWith,
} from '@twocan/pretrain';
import { describeBackends } from '@twocan/testkit';
import { disposeState } from '@twocan/trainer';
import { expect, it } from 'vitest';
import { lossesOf, run, small, smallConfig } from './small.ts';

const nameOf = (event: PretrainEvent): string => {
  if (event.type === 'done') return 'done';
  return `${event.type} ${event.type === 'checkpoint' ? event.state.step : event.step}`;
};

/** Ends what a run hands over. */
function end(events: readonly PretrainEvent[]): void {
  for (const event of events) if (event.type === 'done') disposeState(event.state);
}

const copyOf = (state: PretrainState): PretrainState => ({
  step: state.step,
  params: mapTree((leaf: Tensor) => clone(leaf), state.params) as PretrainState['params'],
  optimizer: mapTree((leaf: Tensor) => clone(leaf), state.optimizer) as PretrainState['optimizer'],
});

const numbersOf = ({ params }: PretrainState): number[] => {
  const all: number[] = [];
  mapTree((leaf: Tensor) => all.push(...leaf.dataSync()), params);
  return all;
};

const CHECKPOINT = (step: number): string[] => [
  ...[`checkpoint ${step}`, `map ${step}`, `pictures ${step}`, `evaluation ${step}`],
];

describeBackends('a run', () => {
  it('hands out events in order, and leaves no tensor', async () => {
    end(await run(smallConfig(), small()));
    const before = memory().numTensors;
    const events = await run(smallConfig(), small());
    end(events);
    expect(memory().numTensors).toBe(before);
    const [first, ...rest] = CHECKPOINT(2);
    expect(events.map(nameOf)).toEqual([
      ...['begin 0', 'step 1', 'step 2', first, 'evaluation 0', ...rest],
      ...['step 3', 'step 4', ...CHECKPOINT(4), 'done'],
    ]);
  });

  it('that is stopped goes on bit for bit, and does nothing twice', async () => {
    const whole = await run(smallConfig(), small());
    const stop = new AbortController();
    let saved: PretrainState | undefined;
    const cut = await run(smallConfig(), { ...small(), signal: stop.signal }, (event) => {
      if (event.type === 'step' && event.step === 2) stop.abort();
      if (event.type === 'checkpoint') saved = copyOf(event.state);
    });
    expect(cut.map(nameOf)).toEqual(['begin 0', 'step 1', 'step 2', 'checkpoint 2', 'done']);
    expect(cut.at(-1)).toMatchObject({ aborted: true });
    const rest = await run(smallConfig(), { ...small(), state: saved });
    // Its evaluation was left out, and is made up for.
    expect(rest.map(nameOf).slice(0, 5)).toEqual([
      ...['begin 2', 'evaluation 0', 'map 2', 'pictures 2', 'evaluation 2'],
    ]);
    expect([...lossesOf(cut), ...lossesOf(rest)]).toEqual(lossesOf(whole));
    const ends = [whole, rest].map((events) => events.at(-1));
    const [a, b] = ends.map((event) => (event?.type === 'done' ? event : undefined));
    expect(a && numbersOf(a.state)).toEqual(b && numbersOf(b.state));
    expect(a?.knn).toEqual(b?.knn);

    const evaluations = rest.flatMap((event) =>
      event.type === 'evaluation' ? [{ step: event.step, scores: event.scores }] : [],
    );
    const again = await run(smallConfig(), {
      ...small(),
      state: b && copyOf(b.state),
      evaluations,
    });
    expect(again.map(nameOf)).toEqual(['begin 4', 'checkpoint 4', 'done']);
    for (const events of [whole, cut, rest, again]) end(events);
  });

  it('compares k-NN with raw pixels and the untrained encoder', async () => {
    const events = await run(smallConfig(), small());
    const last = events.at(-1);
    if (last?.type !== 'done') throw new Error('the run is not done');
    const { evaluation } = small();
    if (evaluation === undefined) throw new Error('no labelled images');
    const config = smallConfig();
    const rowsOf = async (set: Dataset, params?: PretrainState['params']) => {
      const indices = Array.from({ length: set.length }, (_, i) => i);
      const pixels = await plainViews(set, indices, { size: 8, ...config.normalization });
      const labels = set.labels ?? new Int32Array(0);
      if (params === undefined) return { features: pixels, labels };
      const batch = tensor4d(pixels, [set.length, 8, 8, 3]);
      const rows = encode(config.model)(params, batch);
      const features = (await rows.data()) as Float32Array;
      disposeTree({ batch, rows });
      return { features, labels };
    };
    const accuracyOf = async (params?: PretrainState['params']) => {
      const train = await rowsOf(evaluation.train, params);
      const test = await rowsOf(evaluation.test, params);
      const { accuracy } = await knnAccuracy({
        train,
        test,
        k: 20,
        temperature: 0.07,
        centre: true,
      });
      return accuracy;
    };
    const untrained = freshParams(config);
    expect(last.knn).toEqual({
      trained: await accuracyOf(last.state.params),
      rawPixels: await accuracyOf(),
      untrained: await accuracyOf(untrained),
    });
    disposeTree(untrained);
    end(events);
  });

  it('without labelled images has what the directions of features say alone', async () => {
    const events = await run(smallConfig({ steps: 1 }), { dataset: small().dataset });
    const scores = events.flatMap((event) => (event.type === 'evaluation' ? [event.scores] : []));
    const names = ['effectiveRank', 'rankMe', 'alpha'];
    expect(scores.map((own) => Object.keys(own))).toEqual([names, names]);
    expect(events.at(-1)).not.toHaveProperty('knn');
    end(events);
  });

  it('that explodes hands out its last finite state, then fails with what to change', async () => {
    const before = memory().numTensors;
    const seen: string[] = [];
    const settings = smallConfig({ lr: 1e30, checkpointEvery: 0 });
    const error = await run(settings, small(), (event) => seen.push(nameOf(event))).catch(
      (caught: unknown) => caught,
    );
    expect(explosionOf(error)?.what).toMatch(/NaN|Infinity|infinity|not finite/);
    expect(String(error)).toMatch(/^Error: pretrain: .* after step \d.*start anew with a lower lr/);
    expect(seen.slice(0, 2)).toEqual(['begin 0', 'step 1']);
    expect(memory().numTensors).toBe(before);
  });

  it('that is left early leaves no tensor', async () => {
    const before = memory().numTensors;
    for (const stop of ['begin 0', 'step 1', 'checkpoint 2', 'pictures 2']) {
      for await (const event of pretrainWith(smallConfig(), small()))
        if (nameOf(event) === stop) break;
      expect([stop, memory().numTensors]).toEqual([stop, before]);
    }
  });
});
