import { customGrad, slice, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { type Communicator, expectCommunicator, expectTensor, refuse } from '@twocan/core';

/**
 * The sum of a tensor over all ranks.
 *
 * What each rank differentiates is its own loss; the gradient is that of the sum of all ranks' losses.
 *
 * @param x `[…]`, of the same shape on every rank
 * @param communicator all ranks call this together, and differentiate it together
 * @returns `[…]`, the same on every rank
 * @throws TypeError for what is no tensor or no communicator
 * @example
 * const mean = mul(sumOverRanks(sum(x, 0), communicator), 1 / (communicator.size * x.shape[0]));
 */
export function sumOverRanks<T extends Tensor>(x: T, communicator: Communicator): T {
  expectTensor('sumOverRanks', 'x', x);
  expectCommunicator('sumOverRanks', 'communicator', communicator);
  return tidy(() =>
    customGrad((y: unknown) => ({
      value: summed(y as Tensor, communicator),
      gradFunc: (dy: Tensor) => summed(dy, communicator),
    }))(x),
  ) as T;
}

/**
 * The rows of all ranks, one rank after the other.
 *
 * A row is used by the losses of all ranks: its gradient is the sum of theirs.
 *
 * @param x `[B, …]`, of the same shape on every rank
 * @param communicator all ranks call this together, and differentiate it together
 * @returns `[size · B, …]`; the rows of this rank begin at row rank · B
 * @throws TypeError for what is no tensor or no communicator; RangeError for a scalar
 * @example
 * const similarity = matMul(u, gatherRows(u, communicator), false, true); // own rows, all columns
 */
export function gatherRows<T extends Tensor>(x: T, communicator: Communicator): T {
  expectTensor('gatherRows', 'x', x);
  expectCommunicator('gatherRows', 'communicator', communicator);
  const [rows, ...rest] = x.shape;
  if (rows === undefined) refuse('gatherRows', 'x', 'have rows', x);
  const { rank, size } = communicator;
  return tidy(() =>
    customGrad((y: unknown) => {
      const values = floatsOf(y as Tensor);
      const own = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const all = new Float32Array(communicator.gather(own).buffer);
      return {
        value: tensor(all, [size * rows, ...rest]),
        gradFunc: (dy: Tensor) => {
          const total = summed(dy, communicator);
          return slice(total, [rank * rows, ...rest.map(() => 0)], [rows, ...rest]);
        },
      };
    })(x),
  ) as T;
}

/** A copy of a tensor's floats. */
export const floatsOf = (x: Tensor): Float32Array => Float32Array.from(x.dataSync());

function summed(x: Tensor, communicator: Communicator): Tensor {
  const values = floatsOf(x);
  communicator.sum(values);
  return tensor(values, x.shape);
}
