import { addDecayedWeights } from './add-decayed-weights.ts';
import { around } from './chain.ts';
import { expectSettings } from './check.ts';
import { scaleByLearningRate } from './scale.ts';
import { scaleByTrustRatio, type TrustOptions } from './scale-by-trust-ratio.ts';
import { type TraceState, trace } from './trace.ts';
import type { Schedule, Transform } from './transform.ts';

/** The knobs of {@link lars}; `adapts` also chooses which parameters decay. */
export type LarsOptions = TrustOptions & {
  readonly learningRate: number | Schedule;
  /** In [0, 1); 0.9 by default. */
  readonly momentum?: number;
  /** Coupled decay; 0 by default. */
  readonly weightDecay?: number;
};

/**
 * Layer-wise adaptive rate scaling, for linear probes and very large batches.
 *
 * `addDecayedWeights`, `scaleByTrustRatio`, `trace`, `scaleByLearningRate` in a row: for adapted leaves
 * d = g + wd·p, q = trust·‖p‖/‖d‖ (1 if either norm is 0); for the others d = g, q = 1. Then
 * μ ← momentum·μ + q·d and update = −lr·μ. No finite p or d is too large or too small for its norm.
 *
 * @param options learning rate (a number or a function of the step), momentum, decay, trust
 * @returns the transform; its state is `{ momentum }`
 * @throws RangeError for a negative rate, decay or trust, or a momentum outside [0, 1)
 * @example
 * const optimizer = lars({ learningRate: 6.4 });
 *
 * You, Gitman and Ginsburg, arXiv 1708.03888; as in facebookresearch/mae, util/lars.py.
 */
export function lars(options: LarsOptions): Transform<TraceState> {
  const names = ['momentum', 'weightDecay', 'trust', 'adapts'] as const;
  expectSettings('lars', options, ['learningRate'], names);
  const { learningRate, momentum = 0.9, weightDecay = 0, ...trust } = options;
  const before = [addDecayedWeights(weightDecay, trust.adapts), scaleByTrustRatio(trust)];
  return around('lars', before, trace(momentum), [scaleByLearningRate(learningRate)]);
}
