import type { Tensor } from '@tensorflow/tfjs-core';
import { namedLeaves, type Params } from '@twocan/core';
import {
  adamw,
  addDecayedWeights,
  applyTransform,
  chain,
  clipByGlobalNorm,
  globalNorm,
  lars,
  scaleByAdam,
  scaleByLearningRate,
  scaleByTrustRatio,
  sgd,
  type Transform,
  trace,
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
    b1: 0.8,
    b2: 0.999,
    epsilon: 1e-3,
    weightDecay: 0.1,
    decays: () => true,
  }) as Transform,
  sgd: sgd({ learningRate }),
  momentum: sgd({ learningRate, momentum: 0.9, weightDecay: 0.2 }),
  lars: lars({ learningRate, momentum: 0.9, trust: 0.1 }),
  'lars-decay': lars({ learningRate, momentum: 0.8, weightDecay: 0.2, trust: 0.1 }),
};

const down = scaleByLearningRate(learningRate);
const always = (): boolean => true;

/** The same optimizers, as a user chains them. */
const CHAINS: Readonly<Record<string, readonly Transform[]>> = {
  adamw: [scaleByAdam(), addDecayedWeights(0.3), down],
  'adamw-all': [
    scaleByAdam({ b1: 0.8, b2: 0.999, epsilon: 1e-3 }),
    addDecayedWeights(0.1, always),
    down,
  ],
  sgd: [down],
  momentum: [addDecayedWeights(0.2), trace(0.9), down],
  lars: [scaleByTrustRatio({ trust: 0.1 }), trace(0.9), down],
  'lars-decay': [addDecayedWeights(0.2), scaleByTrustRatio({ trust: 0.1 }), trace(0.8), down],
} as never;

/** The parameters after each step with the gradients of PyTorch's run, or others. */
function* train(optimizer: Transform, gradients = (step: number) => golden.tree(`grads/${step}`)) {
  let params = golden.tree('start');
  let state = optimizer.init(params);
  for (let step = 0; step < rates.length; step++) {
    const next = applyTransform(optimizer, gradients(step), state, params, step);
    params = next.params as typeof params;
    state = next.state;
    yield params;
  }
}

describeBackends('optimizers against PyTorch and timm', () => {
  it.each(Object.entries(OPTIMIZERS))('%s: five steps', (name, optimizer) => {
    let step = 0;
    for (const params of train(optimizer))
      expectTreeClose(params, golden, `${name}/${step++}`, 2e-6);
    expect(step).toBe(rates.length);
  });

  it.each(Object.entries(CHAINS))('%s as a chain: five steps', (name, parts) => {
    let step = 0;
    for (const params of train(chain(...parts))) {
      expectTreeClose(params, golden, `${name}/${step++}`, 2e-6);
    }
    expect(step).toBe(rates.length);
  });

  it('adamw is updated by adding as it is at once', () => {
    const { init, update } = OPTIMIZERS.adamw as Transform;
    let step = 0;
    for (const params of train({ init, update })) {
      expectTreeClose(params, golden, `adamw/${step++}`, 2e-6);
    }
    expect(step).toBe(rates.length);
  });

  it('a chain that begins with clipping is the optimizer on gradients clipped by clip_grad_norm_', () => {
    const clipped = (): Params => golden.tree('clip/1');
    const whole = chain(clipByGlobalNorm(1), ...(CHAINS.adamw as readonly Transform[]));
    const ends = [
      train(whole, () => golden.tree('grads/0')),
      train(OPTIMIZERS.adamw as Transform, clipped),
    ]
      .map((steps) => [...steps].at(-1) as Params)
      .map((params) => namedLeaves<Tensor>(params).flatMap(([, p]) => [...p.dataSync()]));
    expectClose(ends[0] as number[], ends[1] as number[], { rtol: 2e-6, atol: 2e-6 });
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
