import {
  concat,
  customGrad,
  mul,
  reshape,
  slice,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectTensor,
  expectType,
  refuse,
} from '@twocan/core';
import { hasKernels, runKernel } from './kernels.ts';

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

/** Floats from which a tensor is summed by itself; smaller ones are put together. */
const BUCKET = 65_536;

/**
 * The means of tensors over all ranks, such as of gradients.
 *
 * A large tensor is summed where it lies, if the backend's memory is JavaScript's too; small ones are summed together.
 *
 * @param tensors of the same shapes in the same order on every rank
 * @param communicator all ranks call this together
 * @returns fresh tensors, with the same bits on every rank
 * @throws TypeError for what are no tensors or no communicator
 * @example
 * const [mean] = meansOverRanks([gradient], communicator);
 */
export function meansOverRanks(
  tensors: readonly Tensor[],
  communicator: Communicator,
): readonly Tensor[] {
  expectType('meansOverRanks', 'tensors', tensors, Array);
  for (const [i, each] of tensors.entries()) expectTensor('meansOverRanks', `tensors[${i}]`, each);
  expectCommunicator('meansOverRanks', 'communicator', communicator);
  return tidy(
    (): never => bucketsOf(tensors).flatMap((some) => meansOf(some, communicator)) as never,
  );
}

/** Tensors in their order: each large one alone, the small ones between them together. */
function bucketsOf(tensors: readonly Tensor[]): readonly (readonly Tensor[])[] {
  const buckets: Tensor[][] = [];
  let room = 0;
  for (const each of tensors) {
    if (each.size > room) {
      buckets.push([each]);
      room = each.size >= BUCKET ? 0 : BUCKET - each.size;
    } else {
      buckets.at(-1)?.push(each);
      room -= each.size;
    }
  }
  return buckets;
}

function meansOf(tensors: readonly Tensor[], communicator: Communicator): readonly Tensor[] {
  const share = 1 / communicator.size;
  const [first] = tensors;
  if (first !== undefined && tensors.length === 1)
    return [summedOver(mul(first, share), communicator)];
  const flat = concat(tensors.map((each) => reshape(each, [each.size])));
  const total = summedOver(mul(flat, share), communicator);
  let at = 0;
  return tensors.map(({ size, shape }) => {
    const part = slice(total, [at], [size]);
    at += size;
    return reshape(part, shape);
  });
}

/** The sum over all ranks, in the memory of a tensor that nobody reads again. */
function summedOver(x: Tensor, communicator: Communicator): Tensor {
  if (!hasKernels('changeFloats')) return summed(x, communicator);
  return runKernel('changeFloats', { x }, { change: communicator.sum })[0] as Tensor;
}

const floatsOf = (x: Tensor): Float32Array => Float32Array.from(x.dataSync());

function summed(x: Tensor, communicator: Communicator): Tensor {
  const values = floatsOf(x);
  communicator.sum(values);
  return tensor(values, x.shape);
}
