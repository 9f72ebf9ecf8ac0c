import { expectInteger, expectNumber, expectOptions, expectType, refuse } from '@twocan/core';

/** An 8-bit sRGB picture: rows from the top, channels innermost. */
export type Image = {
  readonly width: number;
  readonly height: number;
  /** 3 everywhere in this package; carried so that the buffer explains itself. */
  readonly channels: number;
  /** `[height, width, channels]`, 0 to 255. */
  readonly data: Uint8Array;
};

/**
 * Pictures by index, and labels where they are known.
 *
 * `image(i)` gives the same picture however often and in whatever order it is called; nobody writes
 * into what it returns. Everything else (batches, caches, subsets) is a function over this type.
 */
export type Dataset = {
  readonly length: number;
  readonly image: (index: number) => Promise<Image>;
  /** A name for logs: a path, or a class and a number. */
  readonly name: (index: number) => string;
  readonly classes?: readonly string[];
  /** `[length]`, indices into `classes`. */
  readonly labels?: Int32Array;
};

/**
 * Some pictures of a data set, in the order of the indices.
 *
 * @param dataset the data set
 * @param indices which pictures
 * @returns a data set of `indices.length` pictures
 * @throws RangeError for an index outside the data set
 * @example
 * const firstHundred = subset(dataset, Array.from({ length: 100 }, (_, i) => i));
 */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  expectDataset('subset', dataset);
  expectType('subset', 'indices', indices, 'object');
  expectInteger('subset', 'indices.length', indices.length, 0);
  for (let i = 0; i < indices.length; i++)
    checkIndex('subset', dataset.length, indices[i] as number);
  const chosen = Int32Array.from(indices);
  const source = (index: number): number => {
    checkIndex('subset', chosen.length, index);
    return chosen[index] ?? 0;
  };
  const { labels, classes } = dataset;
  return {
    length: chosen.length,
    image: async (index) => dataset.image(source(index)),
    name: (index) => dataset.name(source(index)),
    ...(classes === undefined ? {} : { classes }),
    ...(labels === undefined ? {} : { labels: chosen.map((index) => labels[index] ?? 0) }),
  };
}

/**
 * So many pictures of a data set at most, evenly spread, so that sorted classes stay in proportion.
 *
 * @param dataset the data set
 * @param most how many; all of a smaller data set
 * @returns a data set of `most` pictures or fewer
 * @throws RangeError if `most` is no whole number, or less than 1
 * @example
 * const some = atMost(dataset, 500);
 */
export function atMost(dataset: Dataset, most: number): Dataset {
  expectDataset('atMost', dataset);
  if (most !== Number.POSITIVE_INFINITY) {
    expectInteger('atMost', 'most', most, 1, Number.MAX_SAFE_INTEGER);
  }
  if (dataset.length <= most) return dataset;
  return subset(
    dataset,
    Array.from({ length: most }, (_, i) => Math.floor((i * dataset.length) / most)),
  );
}

/**
 * The same data set, keeping decoded pictures in memory until a budget is spent.
 *
 * @param dataset the data set
 * @param options.bytes how much to keep; pictures met later are decoded each time
 * @returns a data set with equal pictures
 * @throws RangeError if the budget is negative or not a number
 * @example
 * const quick = cached(shapes({ key: key(0), count: 1000, size: 32 }), { bytes: 64e6 });
 */
export function cached(dataset: Dataset, options: { bytes?: number } = {}): Dataset {
  expectDataset('cached', dataset);
  expectOptions('cached', 'options', options, [], ['bytes']);
  const { bytes = 512e6 } = options;
  expectNumber('cached', 'bytes', bytes, 'be 0 or more', (x) => x >= 0);
  const kept = new Map<number, Image>();
  let left = bytes;
  const image = async (index: number): Promise<Image> => {
    const known = kept.get(index);
    if (known !== undefined) return known;
    const fresh = await dataset.image(index);
    if (fresh.data.byteLength <= left && !kept.has(index)) {
      kept.set(index, fresh);
      left -= fresh.data.byteLength;
    }
    return fresh;
  };
  return { ...dataset, image };
}

/** Throws unless `index` is an integer in [0, length). */
export function checkIndex(caller: string, length: number, index: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new RangeError(`${caller}: index must be an integer in [0, ${length}), got ${index}`);
}

/**
 * Checks that an argument is a data set.
 *
 * @param caller the name of the function that was given it
 * @param dataset the argument
 * @throws TypeError or RangeError that begins with the caller's name
 * @example
 * expectDataset('pretrain', dataset);
 */
export function expectDataset(caller: string, dataset: Dataset): void {
  expectOptions(caller, 'dataset', dataset, ['length', 'image', 'name']);
  expectInteger(caller, 'dataset.length', dataset.length, 0);
  expectType(caller, 'dataset.image', dataset.image, 'function');
  expectType(caller, 'dataset.name', dataset.name, 'function');
  const { classes, labels } = dataset;
  if (classes !== undefined) {
    expectType(caller, 'dataset.classes', classes, Array);
    for (const name of classes) expectType(caller, 'dataset.classes', name, 'string');
  }
  if (labels !== undefined) expectType(caller, 'dataset.labels', labels, Int32Array);
}

/** Checks that an argument is a picture whose buffer has its size. */
export function expectImage(caller: string, image: Image): void {
  expectOptions(caller, 'image', image, ['width', 'height', 'channels', 'data']);
  for (const name of ['width', 'height', 'channels'] as const) {
    expectInteger(caller, `image.${name}`, image[name]);
  }
  const { width, height, channels, data } = image;
  expectInteger(caller, 'image.data.length', data?.length, width * height * channels);
}

/** Checks that an argument holds the three channels of square pictures, one after the other. */
export function expectPixels(
  caller: string,
  pixels: Float32Array,
  size?: number,
): asserts pixels is Float32Array {
  expectType(caller, 'pixels', pixels, Float32Array);
  if (size === undefined) {
    if (pixels.length % 3 !== 0) refuse(caller, 'pixels', 'hold three numbers a pixel', pixels);
    return;
  }
  expectInteger(caller, 'size', size, 1, 2 ** 15);
  const count = size * size * 3;
  if (pixels.length !== count) refuse(caller, 'pixels', `hold ${count} numbers`, pixels);
}
