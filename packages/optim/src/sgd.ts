import type { Params } from '@twocan/core';
import { addDecayedWeights } from './add-decayed-weights.ts';
import { around } from './chain.ts';
import { expectSettings } from './check.ts';
import { scaleByLearningRate } from './scale.ts';
import { trace } from './trace.ts';
import type { LeafRule, Schedule, Transform } from './transform.ts';

/** The knobs of {@link sgd}. */
export type SgdOptions = {
  readonly learningRate: number | Schedule;
  /** The share of the last direction that is kept, in [0, 1); 0 by default. */
  readonly momentum?: number;
  /** Coupled decay: wd·p joins the gradient; 0 by default. */
  readonly weightDecay?: number;
  /** Which parameters decay; those of rank above 1 by default. */
  readonly decays?: LeafRule<boolean>;
};

/**
 * Stochastic gradient descent with momentum.
 *
 * `addDecayedWeights`, `trace`, `scaleByLearningRate` in a row:
 * μ ← momentum·μ + (g + wd·p);  update = −lr·μ, as PyTorch's SGD.
 *
 * @param options learning rate (a number or a function of the step), momentum, weight decay
 * @returns the transform; its state is `{ momentum }`, or `{}` without momentum
 * @throws RangeError for a negative rate or decay, or a momentum outside [0, 1)
 * @example
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
 */
export function sgd(options: SgdOptions): Transform {
  const names = ['momentum', 'weightDecay', 'decays'] as const;
  expectSettings('sgd', options, ['learningRate'], names);
  const { learningRate, momentum = 0, weightDecay = 0, decays } = options;
  const [decay, rate] = [addDecayedWeights(weightDecay, decays), scaleByLearningRate(learningRate)];
  return momentum > 0
    ? around<Params>('sgd', [decay], trace(momentum), [rate])
    : around<Params>('sgd', [], decay, [rate]);
}
