import { add, clone, type Tensor } from '@tensorflow/tfjs-core';
import { expectShape, expectTensor } from '@twocan/core';
import { defineOp } from './define.ts';

const op = defineOp({
  name: 'residualSum',
  inputs: ['x', 'branch'],
  saves: [],
  forward: ({ x, branch }: { readonly x: Tensor; readonly branch: Tensor }) => ({
    y: add(x, branch),
  }),
  backward: ({ dy }) => ({ x: clone(dy), branch: clone(dy) }),
});

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
  return op({ x, branch }, {}) as T;
}
