import {
  backend,
  memory,
  removeBackend,
  setBackend,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { type Instructions, nativeSupport, registerNative } from '@twocan/backend-native';
import { canLoss, initCan, resolveCanConfig } from '@twocan/can';
import { disposeTree, fold, key, namedLeaves, normal, registerGradients } from '@twocan/core';
import type { Engine } from '@twocan/engine';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep, type TrainState } from '@twocan/trainer';
import { beforeAll, describe, expect, it } from 'vitest';

const { available, why, instructions: sets } = nativeSupport();
const BATCH = 6;
type Started = { readonly engine: Engine };

/** 64 patches and widths that no vector divides: every part of the method and of the optimizer. */
const config = resolveCanConfig({
  encoder: { image: { height: 32, width: 32 }, patch: 4, width: 36, depth: 2, heads: 3 },
  decoder: { width: 20, depth: 1, heads: 2 },
  projector: { hidden: 24, out: 10 },
});
const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
const step = makeStep(canLoss(config), optimizer);

const images = (seed: number): Tensor4D =>
  tensor4d(normal(key(seed), BATCH * 3072), [BATCH, 32, 32, 3]);

/** Trains for some steps on the current backend; calls back after each. */
function train(steps: number, seed: number, after: (step: number) => void = () => {}): number[][] {
  const params = initCan(key(seed), config);
  let state: TrainState<typeof params> = initState(params, optimizer);
  disposeTree(params);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const batch = { views: [images(2 * i), images(2 * i + 1)] };
    const { state: next, metrics } = step(state, batch as never, fold(key(seed), i));
    disposeState(state);
    state = next;
    losses.push(...(metrics.loss as { dataSync(): Float32Array }).dataSync());
    disposeTree([metrics, batch.views]);
    after(i);
  }
  const weights = namedLeaves(state.params).map(([, x]) => [...x.dataSync()]);
  disposeState(state);
  return [losses, ...weights];
}

/** The same on an engine of its own, which is gone afterwards. */
async function trainOn(threads: number, instructions: Instructions, seed = 5): Promise<number[][]> {
  registerNative('own', { threads, instructions });
  await setBackend('own');
  const found = train(3, seed);
  await setBackend('cpu');
  removeBackend('own');
  return found;
}

beforeAll(registerGradients);

describe.skipIf(!available)(`training on the native engine (${why || 'here'})`, () => {
  it.each(sets)('%s: the same bits for any number of threads, and a second time', async (set) => {
    const one = await trainOn(1, set);
    expect(one[0]?.every(Number.isFinite)).toBe(true);
    for (const threads of [2, 3, 5, 1]) expect(await trainOn(threads, set)).toEqual(one);
    expect(await trainOn(2, set, 6)).not.toEqual(one);
  });

  it('all instructions compute the same, but for rounding', async () => {
    const [plain = []] = await trainOn(2, 'plain');
    for (const set of sets) {
      const [losses = []] = await trainOn(2, set);
      losses.forEach((loss, i) => {
        expect(loss).toBeCloseTo(plain[i] ?? Number.NaN, 4);
      });
    }
  });

  it('a steady step reserves no more memory, and leaks none', async () => {
    registerNative('steady', { threads: 2 });
    await setBackend('steady');
    const reserved: number[] = [];
    const bytes: number[] = [];
    train(16, 5, () => {
      reserved.push((backend() as unknown as Started).engine.heap.report().reserved);
      bytes.push(memory().numBytes);
    });
    await setBackend('cpu');
    removeBackend('steady');
    expect(new Set(bytes).size).toBe(1);
    expect(new Set(reserved.slice(1)).size).toBe(1);
  });
});
