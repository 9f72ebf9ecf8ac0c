import { add, mul, type Tensor, zerosLike } from '@tensorflow/tfjs-core';
import { mapTree, type Params } from '@twocan/core';
import { expectFraction, expectNumber, expectRate } from './check.ts';
import { decayMatrices } from './rules.ts';
import { type LeafRule, rateAt, type Schedule, type Transform, tidyTree } from './transform.ts';

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
 * μ ← momentum·μ + (g + wd·p);  update = −lr·μ, as PyTorch's SGD.
 *
 * @param options learning rate (a number or a function of the step), momentum, weight decay
 * @returns the transform; its state is `{ momentum }`, or `{}` without momentum
 * @throws RangeError for a negative rate or decay, or a momentum outside [0, 1)
 * @example
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
 */
export function sgd({
  learningRate,
  momentum = 0,
  weightDecay = 0,
  decays = decayMatrices,
}: SgdOptions): Transform {
  expectRate('sgd', learningRate);
  expectFraction('sgd', 'momentum', momentum);
  expectNumber('sgd', 'weightDecay', weightDecay, 'be at least 0', (x) => x >= 0);
  const gradient = (p: Tensor, path: string, g: Tensor): Tensor =>
    weightDecay > 0 && decays(path, p) ? add(g, mul(p, weightDecay)) : g;
  return {
    init: (params) => (momentum > 0 ? { momentum: zeros(params) } : {}),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        const rate = rateAt(learningRate, step);
        const scaled = <P extends Params>(tree: P): P =>
          mapTree((t: Tensor) => mul(t, -rate), tree) as P;
        if (momentum === 0) return { updates: scaled(mapTree(gradient, params, grads)), state };
        const before = (state as { momentum: Params }).momentum;
        const next = mapTree(
          (p: Tensor, path, g: Tensor, mu: Tensor) => add(mul(mu, momentum), gradient(p, path, g)),
          params,
          grads,
          before,
        );
        return { updates: scaled(next), state: { momentum: next } };
      }),
  };
}

/** A tree of zeros like another, each a tensor of its own. */
export function zeros<P extends Params>(tree: P): P {
  return tidyTree(() => mapTree((t: Tensor) => zerosLike(t), tree) as P & object);
}
