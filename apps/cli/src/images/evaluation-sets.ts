import { basename } from 'node:path';
import { atMost, type Dataset, holdOut, subset } from '@twocan/data';
import { printable } from '@twocan/data/node';

/** Labelled pictures: to learn from, and to be tested on. */
export type Evaluation = {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly classes: number;
  /** Where the held-out pictures come from, as text. */
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

/** Pictures that all have a class. */
export type Labelled = Dataset & Required<Pick<Dataset, 'classes' | 'labels'>>;

/**
 * The pictures of a data set that have a class.
 *
 * @param dataset any pictures
 * @param classOf the class of a picture by its name; empty for none
 * @param known the classes that count, in their order; those that occur unless given
 * @returns the pictures; undefined where they have fewer than two classes, or none of the known ones
 */
export function labelledPart(
  dataset: Dataset,
  classOf: (name: string) => string,
  known?: readonly string[],
): Labelled | undefined {
  const own = Array.from({ length: dataset.length }, (_, i) => classOf(dataset.name(i)));
  const classes = known ?? [...new Set(own)].filter((name) => name !== '').sort();
  if (classes.length < 2) return undefined;
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const labels = Int32Array.from(own, (name) => numbers.get(name) ?? -1);
  const kept = [...labels.keys()].filter((i) => (labels[i] ?? -1) >= 0);
  if (kept.length === 0) return undefined;
  const part = kept.length === dataset.length ? dataset : subset(dataset, kept);
  return { ...part, classes, labels: labels.filter((label) => label >= 0) };
}

/**
 * One part's pictures classified by another's.
 *
 * @param train the neighbours
 * @param test the pictures to name, labelled by the classes of `train`
 * @param path where the test pictures lie
 * @param most how many of each side
 * @returns both sides
 */
export function between(train: Labelled, test: Labelled, path: string, most: Most): Evaluation {
  return {
    train: atMost(train, most.train),
    test: atMost(test, most.test),
    classes: train.classes.length,
    heldOut: `pictures of ${printable(basename(path))}/`,
    source: `pictures of ${path}, by their neighbours in the data`,
  };
}

/**
 * Pictures of which every fifth is a test picture.
 *
 * @param labelled the pictures
 * @param path where they lie
 * @param of.most how many of each side
 * @param of.seen whether the pretraining saw them
 * @returns both sides; undefined where no class has pictures enough to hold one out
 */
export function within(
  labelled: Labelled,
  path: string,
  { most, seen }: { readonly most: Most; readonly seen: boolean },
): Evaluation | undefined {
  const sides = holdOut(labelled);
  if (sides === undefined) return undefined;
  return {
    train: atMost(sides.train, most.train),
    test: atMost(sides.test, most.test),
    classes: labelled.classes.length,
    heldOut: `pictures whose labels were held out${seen ? '; the pretraining saw them without' : ''}`,
    source: `every fifth picture of ${path}, by its neighbours among the rest`,
  };
}

/**
 * How many classes occur among some pictures.
 *
 * @param dataset labelled pictures
 * @returns the number of different labels
 */
export const classesIn = ({ labels = new Int32Array(0) }: Dataset): number => new Set(labels).size;
