import { add, clone, customGrad, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expectShape, expectTensor } from '@twocan/core';
import { floatOf } from './floats.ts';

const sum = customGrad((x, branch) => ({
  value: add(x as Tensor, branch as Tensor),
  gradFunc: (dy: Tensor) => [clone(dy), clone(dy)],
}));

/**
 * The sum of a residual connection, x + branch.
 *
 * As `add`, but of equal shapes, and so its gradient needs neither of the two: `add` keeps both until the
 * backward pass, for a transformer block two activations that nobody else needs.
 *
 * @param x any shape
 * @param branch the same shape
 * @returns the same shape
 * @throws RangeError if the shapes differ
 * @example
 * residualSum(ones([2, 5, 8]), zeros([2, 5, 8])); // [2, 5, 8], ones
 *
 * He et al., arXiv 1512.03385.
 */
export function residualSum<T extends Tensor>(x: T, branch: T): T {
  expectTensor('residualSum', 'x', x);
  expectShape('residualSum', 'branch', branch, x.shape);
  return tidy(
    () => sum(floatOf('residualSum', 'x', x), floatOf('residualSum', 'branch', branch)) as T,
  );
}
