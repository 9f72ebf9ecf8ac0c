import { add, clone, mul, type Tensor } from '@tensorflow/tfjs-core';
import { expectOptions, mapTree, type Params } from '@twocan/core';
import { expectFraction, expectUpdate } from './check.ts';
import { type Transform, tidyTree, zeros } from './transform.ts';

/** State of {@link trace}: the velocity of each parameter. */
export type TraceState = { readonly momentum: Params };

/**
 * Momentum: a decaying sum of all gradients so far.
 *
 * μ ← momentum·μ + g; update = μ.
 *
 * @param momentum the share of the last direction that is kept, in [0, 1)
 * @returns the transform; its state is `{ momentum }`
 * @throws RangeError for a momentum outside [0, 1)
 * @example
 * chain(trace(0.9), scaleByLearningRate(0.1)); // gradient descent with momentum
 *
 * `optax.trace`.
 */
export function trace(momentum: number): Transform<TraceState> {
  expectFraction('trace', 'momentum', momentum);
  const next = (mu: Tensor, _: string, g: Tensor): Tensor => add(mul(mu, momentum), g);
  return {
    init: (params) => ({ momentum: zeros(params) }),
    update: <P extends Params>(grads: P, state: TraceState, params: P, step: number) =>
      tidyTree(() => {
        expectOptions('trace', 'state', state, ['momentum']);
        expectUpdate('trace', params, { grads, 'state/momentum': state.momentum }, step);
        const velocity = mapTree(next, state.momentum as P, grads);
        // Clones: the caller may dispose updates and state apart.
        const updates = mapTree((mu: Tensor) => clone(mu), velocity);
        return { updates, state: { momentum: velocity } };
      }),
  };
}
