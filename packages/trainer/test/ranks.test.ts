import { sum, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { type Communicator, disposeTree, key, ranksThatDiffer, solo } from '@twocan/core';
import { sgd } from '@twocan/optim';
import { describeBackends, inLockstep } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { disposeState, fit, initState, makeStep, type TrainEvent } from '../src/index.ts';
import { expectSameParams, onAnyRank } from '../src/ranks.ts';

describe('what ranks agree on', () => {
  it('is that something holds where it holds on any of them', () => {
    const asked = (...holds: boolean[]) =>
      inLockstep(holds.length, (communicator) =>
        onAnyRank(communicator, holds[communicator.rank] ?? false),
      );
    expect(asked(false, true, false)).toEqual([true, true, true]);
    expect(asked(false, false)).toEqual([false, false]);
    expect([onAnyRank(solo, true), onAnyRank(solo, false)]).toEqual([true, false]);
  });

  it.each([
    [[1, 1, 1], []],
    [[1, 2, 1, 1], [1]],
    [[2, 1, 1], [0]],
    [[1, 2], [1]],
    [
      [1, 2, 1, 2],
      [1, 3],
    ],
  ])('is which of them differ: bytes %j', (bytes, want) => {
    const found = inLockstep(bytes.length, (communicator) =>
      ranksThatDiffer(communicator, Uint8Array.of(bytes[communicator.rank] ?? 0)),
    );
    expect(found).toEqual(bytes.map(() => want));
  });
});

describeBackends('parameters on ranks', () => {
  const compare = (...values: readonly (readonly number[])[]): unknown[] =>
    inLockstep(values.length, (communicator) => {
      const params = { w: tensor1d([...(values[communicator.rank] ?? [])]), b: tensor1d([1, 2]) };
      try {
        expectSameParams(communicator, params, 7);
        return 'same';
      } catch (error) {
        // The ranks' wait is no finding.
        if (!(error instanceof Error && 'code' in error)) throw error;
        return error.message;
      }
    });

  it('are compared to the last bit, and the rank that differs is named on all', () => {
    const odd = [1, 2, 3, 4, 5.000001];
    expect(compare([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])).toEqual(['same', 'same']);
    for (const message of compare([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], odd)) {
      expect(message).toMatch(
        /^fit: parameters must be the same on all ranks, got others on rank 2 after step 7; /,
      );
    }
    expect(compare([1, 2], [2, 1])[0]).toMatch(/rank 1 after step 7/);
    expect(compare([0, 1], [-0, 1])[0]).toMatch(/rank 1 after step 7/);
  });
});

describeBackends('fit on ranks', () => {
  type P = { readonly w: Tensor };
  const optimizer = sgd({ learningRate: 1 });
  const step = makeStep<P, null>(({ w }) => ({ loss: sum(w) as never }), optimizer);

  /** Events until the end or an error, of rank 0 of two; the other does the same unless it is said. */
  async function run(other: Partial<Communicator>, signal = { aborted: false }) {
    const params = { w: tensor1d([1]) };
    const state = initState(params, optimizer);
    disposeTree(params);
    const twice = (bytes: Uint8Array) => Uint8Array.of(...bytes, ...bytes);
    const communicator = { ...solo, size: 2, gather: twice, ...other };
    const options = { state, step, key: key(0), batches: () => null, until: 4, signal };
    const steps: number[] = [];
    let last: TrainEvent<P> | undefined;
    const events = fit<P, null>({ ...options, communicator, compareEvery: 2, keepBatches: true });
    try {
      for await (const event of events) {
        if (event.type === 'step') steps.push(event.step);
        last = event;
      }
    } catch (error) {
      return { steps, error: error as Error };
    }
    if (last?.type === 'done') disposeState(last.state);
    return { steps, aborted: last?.type === 'done' && last.aborted };
  }

  it('runs to its end', async () => {
    expect(await run({})).toEqual({ steps: [1, 2, 3, 4], aborted: false });
  });

  it('stops all ranks where one is to stop', async () => {
    let asked = 0;
    const stops = (values: Float32Array) => {
      if (++asked > 2) values[0] = 1;
    };
    expect(await run({ sum: stops })).toEqual({ steps: [1, 2], aborted: true });
  });

  it('fails when parameters are no longer the same, before it says that the step was done', async () => {
    let compared = 0;
    const differs = (bytes: Uint8Array) =>
      Uint8Array.of(
        ...bytes,
        ...bytes.map((byte, i) => (++compared > 16 && i === 0 ? byte ^ 1 : byte)),
      );
    const { steps, error } = await run({ gather: differs });
    expect(steps).toEqual([1]);
    expect(error).toMatchObject({ code: 'RANKS_DIFFER', ranks: [1] });
    expect(error?.message).toMatch(/rank 1 after step 2/);
  });
});
