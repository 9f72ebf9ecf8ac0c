import {
  expectInteger,
  expectKey,
  expectOptions,
  expectType,
  fold,
  type Key,
  permutation,
} from '@twocan/core';
import { applyPlan } from './apply.ts';
import { checkIndex, type Dataset, expectDataset } from './dataset.ts';
import { erase } from './erase.ts';
import { IMAGENET_MEAN, IMAGENET_STD, type Normalization, toNormalized } from './normalize.ts';
import { type Augmentation, centrePlan, resolveAugmentation, sampleViewPlan } from './plan.ts';

/** Normalised views of one batch, ready for `tensor4d(view, shape)`. */
export type Batch = {
  readonly step: number;
  readonly epoch: number;
  /** `[B]`: which pictures of the data set; B is smaller where only some rows were asked for. */
  readonly indices: Int32Array;
  /** `[B, size, size, 3]`. */
  readonly shape: readonly [number, number, number, number];
  /** One array a view; picture b of each view comes from `indices[b]`. */
  readonly views: readonly Float32Array[];
};

/** Some of the pictures of a batch: so many from the first on. */
export type BatchRows = { readonly first: number; readonly count: number };

/** How {@link makeBatches} draws. */
export type BatchOptions = Normalization & {
  readonly key: Key;
  /** Pictures in a batch. */
  readonly batch: number;
  /** Side of the views in pixels. */
  readonly size: number;
  /** Views of each picture; default 2. */
  readonly views?: number;
  /** Which pictures of each batch are wanted: no others are read. All by default. */
  readonly rows?: BatchRows;
  /** What differs from {@link resolveAugmentation}'s defaults. */
  readonly augmentation?: Partial<Augmentation>;
};

/**
 * Batches of augmented views as a function of the step.
 *
 * Step t lies in epoch ⌊t / S⌋, S = ⌊length / batch⌋; each epoch is a new order of the pictures and
 * leaves out the incomplete last batch. A batch depends on (key, t) only: ask in any order, twice,
 * or after a restart, and the bits are the same. Rows of it are the same as those of the whole.
 *
 * @param dataset where the pictures come from
 * @param options see {@link BatchOptions}
 * @returns step → batch, or those rows of it
 * @throws RangeError if a size or count is not a positive integer or the batch exceeds the data set
 * @example
 * const batches = makeBatches(dataset, { key: key(0), batch: 64, size: 32 });
 * const { views, shape } = await batches(0);
 */
export function makeBatches(
  dataset: Dataset,
  options: BatchOptions,
): (step: number) => Promise<Batch> {
  expectDataset('makeBatches', dataset);
  const optional = ['views', 'rows', 'augmentation', 'mean', 'std', 'interpolation'];
  expectOptions('makeBatches', 'options', options, ['key', 'batch', 'size'], optional);
  expectKey('makeBatches', 'key', options.key);
  const { key, batch, size, views = 2, mean = IMAGENET_MEAN, std = IMAGENET_STD } = options;
  const { interpolation } = options;
  for (const [name, value] of Object.entries({ batch, size, views })) {
    expectInteger('makeBatches', name, value, 1, 2 ** 15);
  }
  const { rows = { first: 0, count: batch } } = options;
  expectOptions('makeBatches', 'rows', rows, ['first', 'count'], []);
  const first = expectInteger('makeBatches', 'rows.first', rows.first, 0, batch - 1);
  const count = expectInteger('makeBatches', 'rows.count', rows.count, 1, batch - first);
  if (batch > dataset.length) {
    throw new RangeError(
      `makeBatches: batch must be at most the data set's ${dataset.length} pictures, got ${batch}; ` +
        'lower the batch or add pictures',
    );
  }
  const settings = resolveAugmentation(size, options.augmentation);
  toNormalized(new Float32Array(3), { mean, std });
  const perEpoch = stepsPerEpoch(dataset, batch);
  const orderOf = rememberLast((epoch: number) =>
    permutation(fold(fold(key, 'epoch'), epoch), dataset.length),
  );
  return async (step) => {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new RangeError(`makeBatches: step must be an integer of 0 or more, got ${step}`);
    }
    const epoch = Math.floor(step / perEpoch);
    const from = (step % perEpoch) * batch + first;
    const indices = orderOf(epoch).slice(from, from + count);
    const images = await Promise.all(Array.from(indices, (index) => dataset.image(index)));
    const viewLength = size * size * 3;
    const ofEpoch = fold(fold(key, 'view'), epoch);
    const out = Array.from({ length: views }, () => new Float32Array(count * viewLength));
    images.forEach((image, b) => {
      const ofImage = fold(ofEpoch, indices[b] ?? 0);
      out.forEach((view, v) => {
        const plan = sampleViewPlan(fold(ofImage, v), image, size, settings);
        const pixels = toNormalized(applyPlan(image, plan, size, interpolation), { mean, std });
        if (plan.erase !== undefined) erase(pixels, size, plan.erase);
        view.set(pixels, b * viewLength);
      });
    });
    return { step, epoch, indices, shape: [count, size, size, 3], views: out };
  };
}

/**
 * How many full batches an epoch has.
 *
 * @param dataset the data set
 * @param batch pictures in a batch
 * @returns ⌊length / batch⌋
 * @example
 * const steps = 10 * stepsPerEpoch(dataset, 64);
 */
export function stepsPerEpoch(dataset: Dataset, batch: number): number {
  expectDataset('stepsPerEpoch', dataset);
  expectInteger('stepsPerEpoch', 'batch', batch);
  return Math.floor(dataset.length / batch);
}

/**
 * Pictures without augmentation (centre square, resized, normalised), for evaluation.
 *
 * @param dataset where the pictures come from
 * @param indices which pictures, B of them
 * @param options.size side in pixels
 * @returns `[B, size, size, 3]`
 * @example
 * const pixels = await plainViews(dataset, [0, 1, 2], { size: 32 });
 */
export async function plainViews(
  dataset: Dataset,
  indices: ArrayLike<number>,
  options: Normalization & { readonly size: number },
): Promise<Float32Array> {
  expectDataset('plainViews', dataset);
  expectType('plainViews', 'indices', indices, 'object');
  expectInteger('plainViews', 'indices.length', indices.length, 0);
  expectOptions('plainViews', 'options', options, ['size'], ['mean', 'std', 'interpolation']);
  const { size, mean = IMAGENET_MEAN, std = IMAGENET_STD, interpolation } = options;
  expectInteger('plainViews', 'size', size, 1, 2 ** 15);
  for (let i = 0; i < indices.length; i++) {
    checkIndex('plainViews', dataset.length, indices[i] as number);
  }
  const images = await Promise.all(Array.from(indices, (index) => dataset.image(index)));
  const out = new Float32Array(images.length * size * size * 3);
  images.forEach((image, b) => {
    const view = applyPlan(image, centrePlan(image), size, interpolation);
    out.set(toNormalized(view, { mean, std }), b * view.length);
  });
  return out;
}

/** Remembers the results of the last two arguments: steps near an epoch's end ask for both. */
function rememberLast<T>(compute: (argument: number) => T): (argument: number) => T {
  let known: readonly { readonly argument: number; readonly value: T }[] = [];
  return (argument) => {
    const found = known.find((entry) => entry.argument === argument);
    if (found !== undefined) return found.value;
    const value = compute(argument);
    known = [{ argument, value }, ...known].slice(0, 2);
    return value;
  };
}
