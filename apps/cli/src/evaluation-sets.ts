import { basename } from 'node:path';
import { type Dataset, subset } from '@twocan/data';
import type { ImageFolder } from '@twocan/data/node';

/** Labelled pictures: to learn from, and to be judged on. */
export type Evaluation = {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly classes: number;
  /** Where the held-out pictures come from, in words. */
  readonly heldOut: string;
  /** Which pictures these are: as long as it is the same, accuracies compare. */
  readonly source: string;
};

/** How many pictures of each side at most. */
export type Most = { readonly train: number; readonly test: number };

/** For a look between steps of training: enough for a steady percentage, few enough for seconds. */
export const MOST: Most = { train: 2000, test: 500 };
/** All pictures: for numbers that are to be compared with others. */
export const EVERY: Most = { train: Number.POSITIVE_INFINITY, test: Number.POSITIVE_INFINITY };
/** Of a folder without a held-out sibling, every fifth picture of a class is held out. */
const FOLD = 5;

/**
 * One folder's pictures judged by another's.
 *
 * @param train the neighbours
 * @param test the pictures to name
 * @param path where the test pictures lie
 * @param most how many of each side
 * @returns both sides; undefined where classes are not known, or differ
 */
export function between(
  train: ImageFolder,
  test: ImageFolder,
  path: string,
  most: Most,
): Evaluation | undefined {
  const { classes = [], labels } = train;
  const names = test.classes ?? [];
  const known = names.every((name) => classes.includes(name));
  if (labels === undefined || test.labels === undefined || !known) return undefined;
  const renamed = test.labels.map((label) => classes.indexOf(names[label] ?? ''));
  return {
    train: atMost(train, most.train),
    test: atMost({ ...test, classes, labels: renamed }, most.test),
    classes: classes.length,
    heldOut: `pictures of ${basename(path)}/`,
    source: `pictures of ${path}, by their neighbours in the data`,
  };
}

/**
 * A folder judged by a fifth of itself.
 *
 * @param folder its pictures
 * @param path where they lie
 * @param most how many of each side
 * @returns both sides; undefined where classes are not known
 */
export function within(folder: ImageFolder, path: string, most: Most): Evaluation | undefined {
  const { classes, labels } = folder;
  if (classes === undefined || labels === undefined) return undefined;
  const seen = new Map<number, number>();
  const isTest = [...labels].map((label) => {
    const nth = seen.get(label) ?? 0;
    seen.set(label, nth + 1);
    return nth % FOLD === FOLD - 1;
  });
  const part = (side: boolean): Dataset =>
    subset(
      folder,
      [...labels.keys()].filter((i) => isTest[i] === side),
    );
  const test = part(true);
  if (test.length === 0) return undefined;
  return {
    train: atMost(part(false), most.train),
    test: atMost(test, most.test),
    classes: classes.length,
    heldOut: 'pictures whose labels were held out; the pretraining saw them without',
    source: `every fifth picture of ${path}, by its neighbours among the rest`,
  };
}

/** Evenly spread pictures, so that sorted classes stay in proportion. */
export function atMost(dataset: Dataset, most: number): Dataset {
  if (dataset.length <= most) return dataset;
  return subset(
    dataset,
    Array.from({ length: most }, (_, i) => Math.floor((i * dataset.length) / most)),
  );
}
