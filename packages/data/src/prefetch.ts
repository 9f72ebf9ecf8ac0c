import { expectInteger, expectNumber, expectOptions, expectType } from '@twocan/core';

/**
 * Runs ahead of the consumer of a function of the step, so that decoding overlaps training.
 *
 * @param load step → value; called in order, at most `ahead` steps early
 * @param options.from first step; default 0
 * @param options.until the step after the last; by default endless
 * @param options.ahead how many steps to load while one is in use; default 2
 * @returns the values in order of the step; ending the loop early starts no further load
 * @throws RangeError if `ahead` is not a positive integer; whatever `load` throws, at its step
 * @example
 * for await (const batch of prefetch(batches, { from: state.step, until: 1000 })) train(batch);
 */
export async function* prefetch<T>(
  load: (step: number) => Promise<T>,
  options: PrefetchOptions = {},
): AsyncGenerator<T, void, undefined> {
  expectType('prefetch', 'load', load, 'function');
  expectOptions('prefetch', 'options', options, [], ['from', 'until', 'ahead']);
  const { from = 0, until = Number.POSITIVE_INFINITY, ahead = 2 } = options;
  expectInteger('prefetch', 'from', from, 0, Number.MAX_SAFE_INTEGER);
  expectNumber('prefetch', 'until', until, 'be 0 or more', (x) => x >= 0);
  expectInteger('prefetch', 'ahead', ahead, 1, 2 ** 20);
  const underWay: Promise<T>[] = [];
  let next = from;
  for (let step = from; step < until; step++) {
    while (next < until && underWay.length <= ahead) {
      const value = load(next++);
      // A failure is reported when its turn comes, not as an unhandled rejection before.
      value.catch(() => undefined);
      underWay.push(value);
    }
    yield (await underWay.shift()) as T;
  }
}

/** Which steps {@link prefetch} gives, and how early it loads them. */
export type PrefetchOptions = {
  readonly from?: number;
  readonly until?: number;
  readonly ahead?: number;
};
