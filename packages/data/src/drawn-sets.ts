import { expectInteger, expectOptions, fold, key } from '@twocan/core';
import { cached, type Dataset } from './dataset.ts';
import { shapes } from './shapes.ts';

/** Drawings held out of a training, at most. */
const HELD_OUT = 500;

/** Drawings to train on, and others of the same classes to evaluate on. */
export type DrawnSets = {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Which drawings are trained on, as text: equal texts, equal drawings. */
  readonly source: string;
  /** Which drawings the evaluation is on. */
  readonly evaluation: string;
};

/**
 * The drawings that a run trains on where it is given no images, and those it is evaluated on: the same for
 * every seed, so that runs compare.
 *
 * @param options.count how many to train on; as many are held out, 500 at most
 * @param options.size their side in pixels
 * @returns both sets, kept in memory once drawn
 * @throws RangeError for a count or a size that is not whole and positive
 * @example
 * const { train, test } = drawnSets({ count: 2000, size: 32 });
 */
export function drawnSets(options: { readonly count: number; readonly size: number }): DrawnSets {
  expectOptions('drawnSets', 'options', options, ['count', 'size']);
  const { count, size } = options;
  expectInteger('drawnSets', 'count', count, 1, Number.MAX_SAFE_INTEGER);
  const draw = (split: string, length: number): Dataset =>
    cached(shapes({ key: fold(key(0), split), count: length, size }));
  return {
    train: draw('train', count),
    test: draw('test', Math.min(HELD_OUT, count)),
    source: `shapes:${count}`,
    evaluation: 'drawings of the same ten shapes',
  };
}
