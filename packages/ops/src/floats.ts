import { cast, type Tensor } from '@tensorflow/tfjs-core';
import { expectTensor } from '@twocan/core';

/**
 * A tensor as float32: itself where it is, else a cast, through which gradients go.
 *
 * Kernels read memory as floats, so every tensor of numbers passes here (or {@link defineOp}) before it
 * reaches one. Call it within a `tidy`.
 *
 * @param caller the function that was called, named in errors
 * @param argument the argument's name
 * @param tensor of float32, int32 or bool
 * @returns the same numbers as float32
 * @throws TypeError for what is no tensor of numbers, RangeError for a disposed one
 * @example
 * floatOf('patchify', 'images', fromPixels(canvas)); // int32 becomes float32
 */
export function floatOf<T extends Tensor>(caller: string, argument: string, tensor: T): T {
  expectTensor(caller, argument, tensor);
  return tensor.dtype === 'float32' ? tensor : (cast(tensor, 'float32') as T);
}
