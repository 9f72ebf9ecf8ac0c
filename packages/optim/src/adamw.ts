import { addDecayedWeights } from './add-decayed-weights.ts';
import { around } from './chain.ts';
import { expectSettings } from './check.ts';
import { decayMatrices } from './rules.ts';
import { scaleByLearningRate } from './scale.ts';
import {
  ADAM_OPTIONS,
  type AdamOptions,
  type AdamState,
  adamLeaves,
  adamNumbers,
  expectAdamState,
  scaleByAdam,
} from './scale-by-adam.ts';
import { type LeafRule, rateAt, type Schedule, type Transform, tidyTree } from './transform.ts';

/** The knobs of {@link adamw}. */
export type AdamwOptions = AdamOptions & {
  readonly learningRate: number | Schedule;
  /** Decoupled decay λ; 0.05 by default. */
  readonly weightDecay?: number;
  /** Which parameters decay; those of rank above 1 by default. */
  readonly decays?: LeafRule<boolean>;
  /** A factor on the learning rate of each parameter, such as {@link layerDecay}; 1 by default. */
  readonly rateScale?: LeafRule<number>;
};

/**
 * Adam with decoupled weight decay.
 *
 * `scaleByAdam`, `addDecayedWeights`, `scaleByLearningRate` in a row:
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − η(λp + m̂/(√v̂ + ε)) with bias-corrected m̂, v̂.
 * Its `apply` computes all of that at once, in place where the backend can.
 *
 * @param options learning rate η (a number or a function of the step), moments, decay
 * @returns the transform; its state is `{ m, v }`
 * @throws RangeError for a negative rate, decay or epsilon, or moments outside [0, 1)
 * @example
 * const optimizer = adamw({ learningRate: warmupCosine({ base: 1e-3, warmup: 40, total: 800 }) });
 *
 * Loshchilov and Hutter, arXiv 1711.05101; as `torch.optim.AdamW`.
 */
export function adamw(options: AdamwOptions): Transform<AdamState> {
  const names = [...ADAM_OPTIONS, 'weightDecay', 'decays', 'rateScale'] as const;
  expectSettings('adamw', options, ['learningRate'], names);
  const { learningRate, weightDecay = 0.05 } = options;
  const { decays = decayMatrices, rateScale = () => 1 } = options;
  const numbers = adamNumbers(options);
  const { init, update } = around('adamw', [], scaleByAdam(numbers), [
    addDecayedWeights(weightDecay, decays),
    scaleByLearningRate(learningRate, rateScale),
  ]);
  return {
    init,
    update,
    apply: (grads, state, params, step, { donate = false } = {}) =>
      tidyTree(() => {
        expectAdamState('adamw', grads, state, params, step);
        const rate = rateAt('adamw', learningRate, step);
        const { parameter, m, v } = adamLeaves(params, grads, state, (path, p) => ({
          ...numbers,
          learningRate: rate * rateScale(path, p),
          weightDecay: decays(path, p) ? weightDecay : 0,
          step: step + 1,
          inPlace: donate,
        }));
        return { params: parameter, state: { m, v } };
      }),
  };
}
