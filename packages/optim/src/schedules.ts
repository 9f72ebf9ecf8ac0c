import { expectNumber, expectOptions } from '@twocan/core';
import { expectNotNegative, expectPositive } from './check.ts';
import type { Schedule } from './transform.ts';

/**
 * The same value at every step.
 *
 * @param value the value
 * @returns a schedule
 * @example
 * constant(0.01)(7); // 0.01
 */
export function constant(value: number): Schedule {
  expectNumber('constant', 'value', value, 'be finite', Number.isFinite);
  return () => value;
}

/** Where a warm-up cosine schedule starts, peaks and ends, in steps. */
export type WarmupCosine = {
  /** The highest value, reached at step `warmup`. */
  readonly base: number;
  /** Steps of linear growth from 0; 0 for none. */
  readonly warmup: number;
  /** The step at which `min` is reached; it stays there afterwards. */
  readonly total: number;
  /** The last value, 0 by default. */
  readonly min?: number;
};

/**
 * Linear warm-up, then half a cosine.
 *
 * base·t/W for t < W, then min + (base − min)·½(1 + cos(π(t − W)/(T − W))). The value at step 0 is
 * 0 when there is a warm-up, so the first step changes no weight, as in the reference code.
 *
 * @param options `base`, `warmup` W ≤ `total` T in steps, `min`
 * @returns a schedule
 * @throws RangeError for a total below 1, or a warm-up outside [0, total]
 * @example
 * warmupCosine({ base: 1e-3, warmup: 40, total: 800 })(420); // 5e-4
 *
 * Loshchilov and Hutter, arXiv 1608.03983; as in facebookresearch/mae, util/lr_sched.py.
 */
export function warmupCosine(options: WarmupCosine): Schedule {
  expectOptions('warmupCosine', 'options', options, ['base', 'warmup', 'total'], ['min']);
  const { base, warmup, total, min = 0 } = options;
  expectNotNegative('warmupCosine', 'base', base);
  expectNotNegative('warmupCosine', 'min', min);
  const check = (name: string, value: number, rule: string, holds: boolean): void => {
    expectNumber('warmupCosine', name, value, rule, (x) => holds && Number.isFinite(x));
  };
  check('total', total, 'be at least 1 step', total >= 1);
  check('warmup', warmup, `lie in [0, total ${total}]`, warmup >= 0 && warmup <= total);
  return (step) => {
    expectNotNegative('warmupCosine', 'step', step);
    if (step < warmup) return (base * step) / warmup;
    if (step >= total) return min;
    const done = (step - warmup) / (total - warmup);
    return min + (base - min) * 0.5 * (1 + Math.cos(Math.PI * done));
  };
}

/**
 * The learning rate of a batch by the linear rule: base · batch / 256.
 *
 * @param base the rate for 256 images
 * @param batch images per step, over all accumulated parts
 * @returns the rate
 * @throws RangeError for a batch that is not positive
 * @example
 * scaledLearningRate(2.5e-4, 1024); // 1e-3
 *
 * Goyal et al., arXiv 1706.02677.
 */
export function scaledLearningRate(base: number, batch: number): number {
  expectNotNegative('scaledLearningRate', 'base', base);
  expectPositive('scaledLearningRate', 'batch', batch);
  return (base * batch) / 256;
}
