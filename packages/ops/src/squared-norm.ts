import { addN, type Scalar, scalar, square, sum, type Tensor } from '@tensorflow/tfjs-core';
import { expectType } from '@twocan/core';
import { defineOp } from './define.ts';
import type { Tensors } from './kernels.ts';

const op = defineOp({
  name: 'squaredNorm',
  outputs: ['y'],
  forward: (tensors: Tensors) => ({
    y: addN(Object.values(tensors).map((t) => sum(square(t)))) as Scalar,
  }),
});

/**
 * The squared length of several tensors taken as one vector.
 *
 * A backend may register the kernel `twocan.squaredNorm`, whose inputs are the tensors, in any names.
 *
 * @param tensors any shapes
 * @returns a scalar ≥ 0; 0 for no tensors
 * @throws TypeError for what is no list of tensors
 * @example
 * squaredNorm([tensor1d([3]), tensor1d([4])]); // 25
 */
export function squaredNorm(tensors: readonly Tensor[]): Scalar {
  expectType('squaredNorm', 'tensors', tensors, Array);
  if (tensors.length === 0) return scalar(0);
  return op(Object.fromEntries(tensors.map((t, i) => [`tensors[${i}]`, t])), {}).y;
}
