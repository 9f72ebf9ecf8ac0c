import { memory } from '@tensorflow/tfjs-core';
import { type Explosion, explosionOf, type PretrainState, replay } from '@twocan/pretrain';
import { describeBackends } from '@twocan/testkit';
import { disposeState } from '@twocan/trainer';
import { expect, it } from 'vitest';
import { run, small, smallConfig } from './small.ts';

describeBackends('replay', () => {
  it('is the step of the run, bit by bit, from the start or from a checkpoint', async () => {
    const config = smallConfig({ steps: 3, checkpointEvery: 0 });
    const { dataset } = small();
    const events = await run(config, { dataset });
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    for (const event of events) if (event.type === 'done') disposeState(event.state);
    const before = memory().numTensors;
    for (const until of [0, 2]) {
      const found = await replay(config, { dataset, until });
      expect(found.step).toBe(until);
      expect(found.metrics).toEqual(steps[until]?.metrics);
      expect(found.learningRate).toBe(steps[until]?.learningRate);
      expect(found).not.toHaveProperty('first');
      expect(found).not.toHaveProperty('gradient');
      expect(found).not.toHaveProperty('after');
      expect(new Set(found.images).size).toBe(config.batch);
      // The parts make up the whole gradient.
      const squares = Object.values(found.gradients).map((length) => length ** 2);
      const whole = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
      expect(whole / (found.metrics.gradNorm ?? 0)).toBeCloseTo(1, 4);
      expect(Object.keys(found.gradients).sort()).toEqual([
        ...['decoder', 'encoder', 'level', 'projector'],
      ]);
    }
    expect(memory().numTensors).toBe(before);
  });

  it('finds where a run explodes, whichever state it goes on from', async () => {
    const config = smallConfig({ lr: 1e30, steps: 4, checkpointEvery: 0 });
    const { dataset } = small();
    let error: unknown;
    await run(config, { dataset }).catch((caught: unknown) => {
      error = caught;
    });
    const { step, what } = explosionOf(error) as Explosion;
    const before = memory().numTensors;
    const found = await replay(config, { dataset, until: step });
    expect(found.step).toBeLessThanOrEqual(step);
    const wrong = Object.entries(found.metrics).filter(([, value]) => !Number.isFinite(value));
    // Metrics are wrong that the run named, or else the state after the step.
    for (const [name, value] of wrong) expect(what).toContain(`${name} is ${value}`);
    expect(wrong.length > 0 || found.after !== undefined).toBe(true);
    expect(found.first?.output.notFinite).toBeGreaterThan(0);
    expect(found.first?.inputs.length).toBeGreaterThan(0);
    expect(memory().numTensors).toBe(before);
  });

  it('does a batch in parts as the run does', async () => {
    const config = smallConfig({ batch: 4, microBatch: 2, steps: 2, checkpointEvery: 0 });
    const { dataset } = small();
    const events = await run(config, { dataset });
    const [, second] = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    for (const event of events) if (event.type === 'done') disposeState(event.state);
    const found = await replay(config, { dataset, until: 1 });
    expect(found.metrics).toEqual(second?.metrics);
    expect(found.images).toHaveLength(4);
  });

  it('says what is wrong', async () => {
    const config = smallConfig();
    const { dataset } = small();
    await expect(replay(config, { dataset, until: -1 })).rejects.toThrow('replay: until must be');
    const events = await run(config, { dataset });
    const last = events.at(-1) as { readonly state: PretrainState };
    await expect(replay(config, { dataset, state: last.state, until: 1 })).rejects.toThrow(
      'replay: state.step must be at most 1, got 4',
    );
  });
});
