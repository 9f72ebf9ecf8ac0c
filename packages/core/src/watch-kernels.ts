import { engine, getBackend, Tensor } from '@tensorflow/tfjs-core';
import { expectType } from './check.ts';

/** A tensor as numbers that a person can read. */
export type TensorFacts = {
  readonly shape: readonly number[];
  /** The largest size of a number in it that is finite. */
  readonly largest: number;
  /** How many numbers in it are NaN or infinite. */
  readonly notFinite: number;
};

/** The first kernel that gave a number that is not finite. */
export type FirstNonFinite = {
  /** The kernel's name, such as `Exp`. */
  readonly kernel: string;
  /** Its place among all calls of kernels, from 1. */
  readonly call: number;
  readonly output: TensorFacts;
  readonly inputs: readonly TensorFacts[];
};

/**
 * Does some work on the current backend, and looks at what every kernel gives.
 *
 * Each tensor is read at once, so the work takes longer. WebGPU cannot read that way: there nothing is looked at.
 *
 * @param work synchronous
 * @returns what the work returns, and the first kernel whose output is not finite, if there is one
 * @throws TypeError for what is no function
 * @example
 * const { first } = watchKernels(() => log(tensor1d([1, 0])));
 * first?.kernel; // 'Log'
 */
export function watchKernels<T>(work: () => T): {
  readonly result: T;
  readonly first: FirstNonFinite | undefined;
} {
  expectType('watchKernels', 'work', work, 'function');
  if (getBackend() === 'webgpu') return { result: work(), first: undefined };
  const own = engine();
  const { runKernel } = own;
  let [call, first] = [0, undefined as FirstNonFinite | undefined];
  own.runKernel = function watched(this: typeof own, kernel, inputs, attributes) {
    const result = runKernel.call(this, kernel, inputs, attributes);
    call += 1;
    if (first === undefined) {
      const output = tensorsIn(result)
        .map(factsOf)
        .find(({ notFinite }) => notFinite > 0);
      if (output) first = { kernel, call, output, inputs: tensorsIn(inputs).map(factsOf) };
    }
    return result as never;
  };
  try {
    return { result: work(), first };
  } finally {
    own.runKernel = runKernel;
  }
}

/** The tensors of real numbers among arguments or results, which may be lists. */
const tensorsIn = (values: unknown): Tensor[] => {
  const all = values instanceof Tensor ? [values] : Object.values((values ?? {}) as object);
  return all
    .flat()
    .filter((one): one is Tensor => one instanceof Tensor && one.dtype === 'float32');
};

function factsOf(tensor: Tensor): TensorFacts {
  let [largest, notFinite] = [0, 0];
  for (const value of tensor.dataSync()) {
    if (!Number.isFinite(value)) notFinite += 1;
    else if (Math.abs(value) > largest) largest = Math.abs(value);
  }
  return { shape: tensor.shape, largest, notFinite };
}
