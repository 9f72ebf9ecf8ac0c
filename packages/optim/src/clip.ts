import {
  add,
  div,
  minimum,
  mul,
  type Scalar,
  sqrt,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectParams, mapTree, namedLeaves, type Params, squaredNorm } from '@twocan/core';
import { expectPositive, expectRate } from './check.ts';
import { rateAt, type Schedule, type Transform, tidyTree } from './transform.ts';

/** A transform that remembers nothing. */
type Stateless = { readonly [name: string]: never };

/**
 * The Euclidean norm over all leaves of a tree, as one vector.
 *
 * Leaves are summed in the order of their paths, so that a tree read from a file gives the same
 * bits as the tree that was written.
 *
 * @param tree gradients or parameters
 * @returns a scalar
 * @example
 * globalNorm({ a: tensor1d([3]), b: tensor1d([4]) }); // 5
 */
export function globalNorm(tree: Params): Scalar {
  expectParams('globalNorm', 'tree', tree);
  const named = namedLeaves<Tensor>(tree).sort(([a], [b]) => (a < b ? -1 : 1));
  return tidy(() => sqrt(squaredNorm(named.map(([, leaf]) => leaf))));
}

/**
 * Shrinks gradients whose global norm is above a limit.
 *
 * g ← g · min(1, max / (‖g‖ + 1e-6)), as `torch.nn.utils.clip_grad_norm_`.
 *
 * @param max the limit, positive
 * @returns the transform; it has no state
 * @throws RangeError for a limit that is not positive
 * @example
 * chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3 }));
 */
export function clipByGlobalNorm(max: number): Transform<Stateless> {
  expectPositive('clipByGlobalNorm', 'max', max);
  return {
    init: () => ({}),
    update: (grads, state) =>
      tidyTree(() => {
        const factor = minimum(1, div(max, add(globalNorm(grads), 1e-6)));
        return { updates: mapTree((g: Tensor) => mul(g, factor), grads), state };
      }),
  };
}

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
