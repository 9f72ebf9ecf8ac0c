import {
  clone,
  div,
  greater,
  logicalAnd,
  mul,
  norm,
  type Scalar,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import { mapTree } from '@twocan/core';
import { floatOf } from '@twocan/ops';
import { expectSettings, expectUpdate } from './check.ts';
import { scaleForNorm } from './norm.ts';
import { decayMatrices } from './rules.ts';
import { type LeafRule, type Stateless, type Transform, tidyTree } from './transform.ts';

/** The knobs of {@link scaleByTrustRatio}. */
export type TrustOptions = {
  /** The trust coefficient; 0.001 by default. */
  readonly trust?: number;
  /** Which parameters are rescaled; those of rank above 1 by default. */
  readonly adapts?: LeafRule<boolean>;
};

const normOf = ([x]: readonly Tensor[]): Scalar => norm(x as Tensor) as Scalar;

/**
 * Makes each update as long as a share of its parameter: u ← u · trust·‖p‖/‖u‖.
 *
 * The factor is 1 if either norm is 0. No finite p or u is too large or too small for its norm.
 *
 * @param options the trust coefficient, and which parameters are rescaled
 * @returns the transform; it has no state
 * @throws RangeError for a trust coefficient that is not positive
 * @example
 * chain(scaleByTrustRatio(), trace(0.9), scaleByLearningRate(6.4)); // LARS
 *
 * You, Gitman and Ginsburg, arXiv 1708.03888; `optax.scale_by_trust_ratio`.
 */
export function scaleByTrustRatio(options: TrustOptions = {}): Transform<Stateless> {
  expectSettings('scaleByTrustRatio', options, [], ['trust', 'adapts']);
  const { trust = 0.001, adapts = decayMatrices } = options;
  const scaled = (p: Tensor, path: string, g: Tensor): Tensor => {
    if (!adapts(path, p)) return clone(g);
    const of = (tree: string, x: Tensor) =>
      scaleForNorm([floatOf('scaleByTrustRatio', `${tree}/${path}`, x)], normOf);
    const [ofP, ofG] = [of('params', p), of('grads', g)];
    const both = logicalAnd(greater(ofP.size, 0), greater(ofG.size, 0));
    const ratio = div(div(mul(ofP.size, trust), ofG.size), ofP.factor);
    return mul(ofG.tensors[0] as Tensor, where(both, ratio, div(1, ofG.factor)));
  };
  return {
    init: () => ({}),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectUpdate('scaleByTrustRatio', params, { grads }, step);
        return { updates: mapTree(scaled, params, grads), state };
      }),
  };
}
