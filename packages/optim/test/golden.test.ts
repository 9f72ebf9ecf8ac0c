import type { Params } from '@twocan/core';
import {
  adamw,
  applyTransform,
  clipByGlobalNorm,
  globalNorm,
  lars,
  sgd,
  type Transform,
  warmupCosine,
} from '@twocan/optim';
import { describeBackends, expectClose, expectTreeClose, loadGolden } from '@twocan/testkit';
import { expect, it } from 'vitest';

const golden = loadGolden('optim');
const rates = golden.config<number[]>('rates');
const learningRate = (step: number): number => rates[step] ?? Number.NaN;

const OPTIMIZERS: Readonly<Record<string, Transform>> = {
  adamw: adamw({ learningRate, weightDecay: 0.3 }),
  'adamw-all': adamw({
    learningRate,
    ...{ b1: 0.8, b2: 0.999, epsilon: 1e-3, weightDecay: 0.1 },
    decays: () => true,
  }) as Transform,
  sgd: sgd({ learningRate }),
  momentum: sgd({ learningRate, momentum: 0.9, weightDecay: 0.2 }),
  lars: lars({ learningRate, momentum: 0.9, trust: 0.1 }),
  'lars-decay': lars({ learningRate, momentum: 0.8, weightDecay: 0.2, trust: 0.1 }),
};

describeBackends('optimizers against PyTorch and timm', () => {
  it.each(Object.entries(OPTIMIZERS))('%s: five steps', (name, optimizer) => {
    let params = golden.tree('start');
    let state = optimizer.init(params);
    for (let step = 0; step < rates.length; step++) {
      const next = applyTransform(optimizer, golden.tree(`grads/${step}`), state, params, step);
      expectTreeClose(next.params, golden, `${name}/${step}`, 2e-6);
      params = next.params as Params;
      state = next.state;
    }
  });

  it.each([1, 100])('clips to a global norm of %d as clip_grad_norm_ does', (limit) => {
    const grads = golden.tree('grads/0');
    expectClose(globalNorm(grads), golden.values('norm'), { rtol: 1e-6 });
    const { updates } = clipByGlobalNorm(limit).update(grads, {}, grads, 0);
    expectTreeClose(updates, golden, `clip/${limit}`, 1e-6);
  });
});

it('warm-up and cosine are those of transformers at every step', () => {
  const { base, warmup, total, min } = golden.config<Record<string, number>>('schedule') as {
    readonly [name in 'base' | 'warmup' | 'total' | 'min']: number;
  };
  const schedules = {
    zero: warmupCosine({ base, warmup, total, min: 0 }),
    least: warmupCosine({ base, warmup, total, min }),
    'no-warmup': warmupCosine({ base, warmup: 0, total, min: 0 }),
  };
  for (const [name, schedule] of Object.entries(schedules)) {
    const expected = golden.values(`schedule/${name}`);
    expect(expected).toHaveLength(total + 1);
    const actual = Array.from({ length: total + 1 }, (_, step) => schedule(step));
    expectClose(actual, expected, { rtol: 1e-6, atol: 1e-10 }, name);
  }
});
