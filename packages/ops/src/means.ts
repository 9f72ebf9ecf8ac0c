import {
  clone,
  concat,
  dispose,
  keep,
  mul,
  reshape,
  slice,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { type Communicator, expectCommunicator, expectTensor, type StartedSum } from '@twocan/core';
import { hasKernels, runKernel } from './kernels.ts';
import { floatsOf } from './ranks.ts';

/** Means over all ranks that are under way. */
export type StartedMeans = {
  /** Adds a tensor, which is borrowed and may be disposed at once. It must have the same shape on all ranks. */
  readonly add: (x: Tensor) => void;
  /** Waits for all of them, and gives fresh tensors in the order in which they were added. */
  readonly wait: () => readonly Tensor[];
  /** Instead of `wait`, such as after an error: waits for what has been started, and drops it. */
  readonly drop: () => void;
};

/** Floats from which a tensor is summed by itself; smaller ones wait until they are as many together. */
const BUCKET = 65_536;

/** Which of the tensors that were added, and its shape. */
type Place = { readonly index: number; readonly shape: number[]; readonly size: number };

/** A sum that was started, of one tensor or of several one after the other. */
type Bucket = {
  readonly sum: StartedSum;
  /** What the sum is, once it is there; to be disposed. */
  readonly total: () => Tensor;
  readonly places: readonly Place[];
};

/**
 * Means of tensors over all ranks, each on its way as soon as it was added.
 *
 * A large tensor is summed where its values lie, if the backend's memory is JavaScript's too; small ones are summed
 * together. Whenever one is added, the sums that are under way go on. End it by `wait` or `drop`.
 *
 * @param communicator all ranks add tensors of the same shapes in the same order; what they call in between, such as sums
 *   of a backward pass, must be in the same order too
 * @returns the means, which have the same bits on every rank
 * @throws TypeError for what is no communicator; `add` throws one for what is no tensor
 * @example
 * const means = startMeans(communicator);
 * means.add(gradient);
 * const [mean] = means.wait();
 */
export function startMeans(communicator: Communicator): StartedMeans {
  expectCommunicator('startMeans', 'communicator', communicator);
  const buckets: Bucket[] = [];
  let count = 0;
  let small: { readonly x: Tensor; readonly place: Place }[] = [];
  let unfinished = 0;

  const start = (x: Tensor, places: readonly Place[]): void => {
    buckets.push({ ...startMean(x, communicator), places });
  };
  const startSmall = (): void => {
    if (small.length === 0) return;
    const places = small.map(({ place }) => place);
    tidy(() => start(concat(small.map(({ x }) => reshape(x, [x.size]))), places));
    dispose(small.map(({ x }) => x));
    small = [];
  };

  return {
    add(x) {
      expectTensor('add', 'x', x);
      const { size, shape } = x;
      const place = { index: count++, shape, size };
      if (size >= BUCKET) start(x, [place]);
      else {
        small.push({ x: keep(clone(x)), place });
        if (small.reduce((sum, { place: { size: n } }) => sum + n, 0) >= BUCKET) startSmall();
      }
      // All go on when one is tested.
      while (unfinished < buckets.length && buckets[unfinished]?.sum.test()) unfinished++;
    },
    wait() {
      startSmall();
      const means: Tensor[] = [];
      for (const { sum, total, places } of buckets) {
        sum.wait();
        const whole = total();
        for (const [i, mean] of partsOf(whole, places).entries()) {
          means[places[i]?.index ?? 0] = mean;
        }
        whole.dispose();
      }
      return means;
    },
    drop() {
      dispose(small.map(({ x }) => x));
      for (const { sum, total } of buckets) {
        sum.wait();
        total().dispose();
      }
    },
  };
}

/** Begins the sum of a tensor's share over all ranks. */
function startMean(x: Tensor, { size, startSum }: Communicator): Omit<Bucket, 'places'> {
  const share = 1 / size;
  if (!hasKernels('changeFloats')) {
    // Not out of a tidy, which looks for tensors among the numbers, one by one.
    const scaled = mul(x, share);
    const values = floatsOf(scaled);
    scaled.dispose();
    return { sum: startSum(values), total: () => tensor(values, x.shape) };
  }
  const sums: StartedSum[] = [];
  const change = (floats: Float32Array): void => void sums.push(startSum(floats));
  const total = tidy(
    () => runKernel('changeFloats', { x: mul(x, share) }, { change })[0] as Tensor,
  );
  keep(total);
  return { sum: sums[0] as StartedSum, total: () => total };
}

/** The tensors that a sum was made of. */
const partsOf = (total: Tensor, places: readonly Place[]): readonly Tensor[] =>
  tidy(() => {
    let at = 0;
    return places.map(({ size, shape }) => {
      const part = size === total.size ? total : slice(reshape(total, [total.size]), [at], [size]);
      at += size;
      return reshape(part, shape);
    });
  });
