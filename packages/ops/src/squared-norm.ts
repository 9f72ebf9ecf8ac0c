import {
  addN,
  engine,
  getBackend,
  getKernel,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectType } from '@twocan/core';
import { floatOf } from './floats.ts';

const KERNEL = 'twocan.squaredNorm';

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
  return tidy(() => {
    const floats = tensors.map((t, i) => floatOf('squaredNorm', `tensors[${i}]`, t));
    if (getKernel(KERNEL, getBackend())) {
      const inputs = Object.fromEntries(floats.map((t, i) => [`tensor${i}`, t]));
      return engine().runKernel(KERNEL, inputs as never, {}) as Scalar;
    }
    return addN(floats.map((t) => sum(square(t)) as Scalar));
  });
}
