import { add, clone, mul, type Tensor } from '@tensorflow/tfjs-core';
import { expectType, mapTree } from '@twocan/core';
import { expectNotNegative, expectUpdate } from './check.ts';
import { decayMatrices } from './rules.ts';
import { type LeafRule, type Stateless, type Transform, tidyTree } from './transform.ts';

/**
 * Adds a share of the parameters: u ← u + λp.
 *
 * Before {@link scaleByAdam} or {@link trace} this is an L2 penalty (coupled decay), after it
 * decoupled decay.
 *
 * @param weightDecay λ, at least 0
 * @param decays which parameters decay; those of rank above 1 by default
 * @returns the transform; it has no state
 * @throws RangeError for a negative decay
 * @example
 * chain(scaleByAdam(), addDecayedWeights(0.05), scaleByLearningRate(1e-3)); // AdamW
 *
 * `optax.add_decayed_weights`.
 */
export function addDecayedWeights(
  weightDecay: number,
  decays: LeafRule<boolean> = decayMatrices,
): Transform<Stateless> {
  expectNotNegative('addDecayedWeights', 'weightDecay', weightDecay);
  expectType('addDecayedWeights', 'decays', decays, 'function');
  const decayed = (g: Tensor, path: string, p: Tensor): Tensor =>
    weightDecay > 0 && decays(path, p) ? add(g, mul(p, weightDecay)) : clone(g);
  return {
    init: () => ({}),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectUpdate('addDecayedWeights', params, { grads }, step);
        return { updates: mapTree(decayed, grads, params), state };
      }),
  };
}
