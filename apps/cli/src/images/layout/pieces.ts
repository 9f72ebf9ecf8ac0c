import { type Dataset, FOLD } from '@twocan/data';
import { printable } from '@twocan/data/node';
import type { Labelled } from '../evaluation-sets.ts';
import { classOfName, type Part } from './layout.ts';

/**
 * What is trained on: how many images, their classes and what is missing of these.
 *
 * @param dataset the images that decode
 * @param source their folder
 * @param labelled those that have a class
 * @param part the part that they are
 * @returns a piece of a line
 */
export function trainPiece(
  dataset: Dataset,
  source: string,
  labelled: Labelled | undefined,
  part: Part,
): string {
  const images = `${dataset.length} images of ${printable(source)}`;
  if (labelled === undefined) return images;
  const classOf = classOfName(part);
  const without = dataset.length - labelled.length;
  const gone = part.classes.filter((name) => !labelled.classes.includes(name));
  const classes =
    `${images} in ${labelled.classes.length} classes` +
    (gone.length === 0 ? '' : ` (no image of ${listedNames(gone)} can be decoded)`);
  if (without === 0) return classes;
  const index = Array.from({ length: dataset.length }, (_, i) => i).find(
    (i) => classOf(dataset.name(i)) === '',
  );
  const first = printable(dataset.name(index ?? 0));
  return `${classes}, ${without} without a class and not evaluated (first: ${first})`;
}

/**
 * What is evaluated on: the images of a test part.
 *
 * @param test the images
 * @param path their folder
 * @returns pieces of a line
 */
export function testPieces(test: Labelled, path: string): string[] {
  const met = new Set(test.labels);
  const missing = test.classes.filter((_, label) => !met.has(label));
  return [
    `evaluated on ${test.length} images of ${printable(path)} in ${met.size} classes`,
    ...neverTested(missing),
  ];
}

/**
 * What is evaluated on, of a folder that is tested by a fifth of itself.
 *
 * @param own its images
 * @param path the folder, where it is not that which is trained on
 * @returns pieces of a line
 */
export function fifthPieces(own: Labelled, path: string | undefined): string[] {
  const { labels, classes } = own;
  const counts = new Int32Array(classes.length);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const held = counts.reduce((sum, count) => sum + Math.floor(count / FOLD), 0);
  const few = classes.flatMap((name, label) => {
    const count = counts[label] ?? 0;
    return count < FOLD ? [`${name} (${count} of the ${FOLD} images that are needed)`] : [];
  });
  return [
    held === 0
      ? 'not evaluated: every class is too small'
      : `evaluated on ${held} ${path === undefined ? 'of them' : 'images'}, every fifth of a class${path === undefined ? '' : ` of ${printable(path)}`}`,
    ...neverTested(few),
  ];
}

const MOST_NAMES = 5;

function neverTested(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`never tested: ${listedNames(names)}`];
}

function listedNames(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return names.slice(0, MOST_NAMES).map(printable).join(', ') + more;
}
