import { expectOptions } from '@twocan/core';
import { type Dataset, expectDataset, subset } from './dataset.ts';

/** Of each class, {@link holdOut} holds one picture in so many out. */
export const FOLD = 5;

/**
 * Labelled pictures, every fifth of each class held out.
 *
 * @param dataset pictures with labels and classes
 * @returns both parts, in the order of the data set; nothing where no class has five pictures
 * @throws TypeError for pictures without labels or classes
 * @example
 * const { train, test } = holdOut(shapes({ key: key(0), count: 100, size: 32 })) ?? {};
 */
export function holdOut(
  dataset: Dataset,
): { readonly train: Dataset; readonly test: Dataset } | undefined {
  expectDataset('holdOut', dataset);
  expectOptions('holdOut', 'dataset', dataset, ['labels', 'classes']);
  const { labels = new Int32Array(0), classes = [] } = dataset;
  const met = new Int32Array(classes.length);
  const isTest = Array.from(labels, (label) => {
    const nth = met[label] ?? 0;
    met[label] = nth + 1;
    return nth % FOLD === FOLD - 1;
  });
  const part = (side: boolean): Dataset =>
    subset(
      dataset,
      [...labels.keys()].filter((i) => isTest[i] === side),
    );
  const test = part(true);
  return test.length === 0 ? undefined : { train: part(false), test };
}
