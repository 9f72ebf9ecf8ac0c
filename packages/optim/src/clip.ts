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
import { expectParams, mapTree, type Params, sortedLeaves } from '@twocan/core';
import { squaredNorm } from '@twocan/ops';
import { expectPositive } from './check.ts';
import { type Scaled, scaleForNorm, trueNorm } from './norm.ts';
import { type Stateless, type Transform, tidyTree } from './transform.ts';

const scaleLeaves = (leaves: readonly (readonly [string, Tensor])[]): Scaled =>
  scaleForNorm(
    leaves.map(([, leaf]) => leaf),
    (tensors) => sqrt(squaredNorm(tensors)),
  );

/**
 * The Euclidean norm over all leaves of a tree, as one vector.
 *
 * Leaves are summed in the order of their paths. No finite leaf is too large or too small to be squared;
 * the result is infinite only where the norm itself is beyond float32.
 *
 * @param tree gradients or parameters
 * @returns a scalar
 * @example
 * globalNorm({ a: tensor1d([3]), b: tensor1d([4]) }); // 5
 */
export function globalNorm(tree: Params): Scalar {
  expectParams('globalNorm', 'tree', tree);
  return tidy(() => trueNorm(scaleLeaves(sortedLeaves<Tensor>(tree))));
}

/**
 * Shrinks gradients whose global norm is above a limit.
 *
 * g ← g · min(1, max / (‖g‖ + 1e-6)), as `torch.nn.utils.clip_grad_norm_`. Gradients so large that their
 * squares are infinite keep their direction too, where PyTorch's become 0.
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
        expectParams('clipByGlobalNorm', 'grads', grads);
        const leaves = sortedLeaves<Tensor>(grads);
        const { tensors, factor, size } = scaleLeaves(leaves);
        // The scaled leaves are shrunk, since max/‖g‖ itself may be too small for float32.
        const shrink = minimum(div(1, factor), div(max, add(size, mul(factor, 1e-6))));
        const scaled = new Map(leaves.map(([path], i) => [path, tensors[i] as Tensor]));
        const clip = (_: Tensor, path: string): Tensor => mul(scaled.get(path) as Tensor, shrink);
        return { updates: mapTree(clip, grads), state };
      }),
  };
}
