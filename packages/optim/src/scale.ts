import { mul, type Tensor } from '@tensorflow/tfjs-core';
import { expectParams, expectType, mapTree } from '@twocan/core';
import { expectRate, expectUpdate } from './check.ts';
import {
  type LeafRule,
  rateAt,
  type Schedule,
  type Stateless,
  type Transform,
  tidyTree,
} from './transform.ts';

/**
 * Multiplies gradients or updates by a number.
 *
 * @param factor a number or a function of the step
 * @returns the transform; it has no state
 * @example
 * chain(clipByGlobalNorm(1), scale(-0.1)); // clipped gradient descent
 */
export function scale(factor: number | Schedule): Transform<Stateless> {
  expectRate('scale', 'factor', factor, -Infinity);
  return {
    init: () => ({}),
    update: (grads, state, _, step) =>
      tidyTree(() => {
        expectParams('scale', 'grads', grads);
        const value = rateAt('scale', factor, step);
        return { updates: mapTree((g: Tensor) => mul(g, value), grads), state };
      }),
  };
}

/**
 * Turns a direction into a step downhill: u ← −η·u.
 *
 * @param learningRate η, a number or a function of the step
 * @param rateScale a factor on the rate of each parameter, such as {@link layerDecay}; 1 by default
 * @returns the transform; it has no state
 * @throws RangeError for a negative rate
 * @example
 * chain(clipByGlobalNorm(1), scaleByLearningRate(0.1)); // clipped gradient descent
 *
 * `optax.scale_by_learning_rate`.
 */
export function scaleByLearningRate(
  learningRate: number | Schedule,
  rateScale: LeafRule<number> = () => 1,
): Transform<Stateless> {
  expectRate('scaleByLearningRate', 'learningRate', learningRate);
  expectType('scaleByLearningRate', 'rateScale', rateScale, 'function');
  return {
    init: () => ({}),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectUpdate('scaleByLearningRate', params, { grads }, step);
        const rate = rateAt('scaleByLearningRate', learningRate, step);
        const scaled = (g: Tensor, path: string, p: Tensor): Tensor =>
          mul(g, -rate * rateScale(path, p));
        return { updates: mapTree(scaled, grads, params), state };
      }),
  };
}
