import {
  add,
  div,
  greater,
  logicalAnd,
  mul,
  norm,
  type Scalar,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import { expectOptions, expectType, floatOf, mapTree, type Params } from '@twocan/core';
import {
  expectFraction,
  expectNotNegative,
  expectPositive,
  expectRate,
  expectUpdate,
} from './check.ts';
import { scaleForNorm } from './norm.ts';
import { decayMatrices } from './rules.ts';
import { zeros } from './sgd.ts';
import { type LeafRule, rateAt, type Schedule, type Transform, tidyTree } from './transform.ts';

/** The knobs of {@link lars}. */
export type LarsOptions = {
  readonly learningRate: number | Schedule;
  /** In [0, 1); 0.9 by default. */
  readonly momentum?: number;
  /** Coupled decay; 0 by default. */
  readonly weightDecay?: number;
  /** The trust coefficient; 0.001 by default. */
  readonly trust?: number;
  /** Which parameters decay and are rescaled; those of rank above 1 by default. */
  readonly adapts?: LeafRule<boolean>;
};

/** State of {@link lars}: the velocity of each parameter. */
export type LarsState = { readonly momentum: Params };

const normOf = ([x]: readonly Tensor[]): Scalar => norm(x as Tensor) as Scalar;

/**
 * Layer-wise adaptive rate scaling, for linear probes and very large batches.
 *
 * For adapted leaves d = g + wd·p, q = trust·‖p‖/‖d‖ (1 if either norm is 0); for the others
 * d = g, q = 1. Then μ ← momentum·μ + q·d and update = −lr·μ. No finite p or d is too large or too small
 * for its norm.
 *
 * @param options learning rate (a number or a function of the step), momentum, decay, trust
 * @returns the transform; its state is `{ momentum }`
 * @throws RangeError for a negative rate, decay or trust, or a momentum outside [0, 1)
 * @example
 * const optimizer = lars({ learningRate: 6.4 });
 *
 * You, Gitman and Ginsburg, arXiv 1708.03888; as in facebookresearch/mae, util/lars.py.
 */
export function lars(options: LarsOptions): Transform<LarsState> {
  const names = ['momentum', 'weightDecay', 'trust', 'adapts'];
  expectOptions('lars', 'options', options, ['learningRate'], names);
  const { learningRate, momentum = 0.9, weightDecay = 0, trust = 0.001 } = options;
  const { adapts = decayMatrices } = options;
  expectRate('lars', 'learningRate', learningRate);
  expectType('lars', 'adapts', adapts, 'function');
  expectFraction('lars', 'momentum', momentum);
  expectNotNegative('lars', 'weightDecay', weightDecay);
  expectPositive('lars', 'trust', trust);
  const direction = (p: Tensor, path: string, g: Tensor): Tensor => {
    if (!adapts(path, p)) return g;
    const [floats, given] = [
      floatOf('lars', `params/${path}`, p),
      floatOf('lars', `grads/${path}`, g),
    ];
    const decayed = weightDecay > 0 ? add(given, mul(floats, weightDecay)) : given;
    const [ofP, ofD] = [scaleForNorm([floats], normOf), scaleForNorm([decayed], normOf)];
    const both = logicalAnd(greater(ofP.size, 0), greater(ofD.size, 0));
    const ratio = div(div(mul(ofP.size, trust), ofD.size), ofP.factor);
    return mul(ofD.tensors[0] as Tensor, where(both, ratio, div(1, ofD.factor)));
  };
  return {
    init: (params) => ({ momentum: zeros(params) }),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectOptions('lars', 'state', state, ['momentum']);
        expectUpdate('lars', params, { grads, 'state/momentum': state.momentum }, step);
        const next = mapTree(
          (p: Tensor, path, g: Tensor, mu: Tensor) => add(mul(mu, momentum), direction(p, path, g)),
          params,
          grads,
          state.momentum,
        );
        const rate = rateAt('lars', learningRate, step);
        return {
          updates: mapTree((mu: Tensor) => mul(mu, -rate), next),
          state: { momentum: next },
        };
      }),
  };
}
