import { add, mul, type Tensor, zerosLike } from '@tensorflow/tfjs-core';
import { expectOptions, expectParams, expectType, mapTree, type Params } from '@twocan/core';
import { expectFraction, expectNotNegative, expectRate, expectUpdate } from './check.ts';
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
export function sgd(options: SgdOptions): Transform {
  const names = ['momentum', 'weightDecay', 'decays'];
  expectOptions('sgd', 'options', options, ['learningRate'], names);
  const { learningRate, momentum = 0, weightDecay = 0, decays = decayMatrices } = options;
  expectRate('sgd', 'learningRate', learningRate);
  expectType('sgd', 'decays', decays, 'function');
  expectFraction('sgd', 'momentum', momentum);
  expectNotNegative('sgd', 'weightDecay', weightDecay);
  const gradient = (p: Tensor, path: string, g: Tensor): Tensor =>
    weightDecay > 0 && decays(path, p) ? add(g, mul(p, weightDecay)) : g;
  return {
    init: (params) => (momentum > 0 ? { momentum: zeros(params) } : {}),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectOptions('sgd', 'state', state, momentum > 0 ? ['momentum'] : []);
        const { momentum: kept } = state as { readonly momentum?: Params };
        const averages = kept === undefined ? {} : { 'state/momentum': kept };
        expectUpdate('sgd', params, { grads, ...averages }, step);
        const rate = rateAt('sgd', learningRate, step);
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
  expectParams('init', 'params', tree);
  return tidyTree(() => mapTree((t: Tensor) => zerosLike(t), tree) as P & object);
}
