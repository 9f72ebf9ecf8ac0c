import { clone, customGrad, type Tensor } from '@tensorflow/tfjs-core';
import { expectTensor } from './check.ts';

/**
 * The identity, whose gradient is zero: what it returns is a constant for `valueAndGrad`.
 *
 * Given a function, it computes the tensor without recording how: nothing in it is kept for the backward pass, so
 * its intermediate tensors are freed at once. That suits targets (a teacher's output) and metrics.
 *
 * @param x a tensor, or a function that computes one; a gradient cannot be computed inside the function
 * @returns a fresh tensor of the same values
 * @throws TypeError for what is no tensor
 * @example
 * const slope = valueAndGrad(({ w }) => ({ loss: mul(w, stopGradient(w)) }));
 * slope({ w: scalar(3) }); // loss 9, gradient 3
 *
 * JAX's `lax.stop_gradient`.
 */
export function stopGradient<T extends Tensor>(x: T | (() => T)): T {
  // An operation without inputs depends on no parameter, and what it runs stays off the tape.
  return customGrad(() => {
    const value = typeof x === 'function' ? x() : x;
    expectTensor('stopGradient', 'x', value);
    return { value: clone(value), gradFunc: () => [] };
  })() as T;
}
