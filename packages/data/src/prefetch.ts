/**
 * Runs ahead of whoever consumes a function of the step, so that decoding overlaps training.
 *
 * @param load step → value; called in order, at most `ahead` steps early
 * @param options.from first step; 0 unless said
 * @param options.until the step after the last; endless unless said
 * @param options.ahead how many steps to load while one is in use; 2 unless said
 * @returns the values in order of the step; ending the loop early starts no further load
 * @throws RangeError if `ahead` is not a positive integer; whatever `load` throws, at its step
 * @example
 * for await (const batch of prefetch(batches, { from: state.step, until: 1000 })) train(batch);
 */
export async function* prefetch<T>(
  load: (step: number) => Promise<T>,
  { from = 0, until = Number.POSITIVE_INFINITY, ahead = 2 }: PrefetchOptions = {},
): AsyncGenerator<T, void, undefined> {
  if (!Number.isInteger(ahead) || ahead < 1) {
    throw new RangeError(`prefetch: ahead must be an integer of 1 or more, got ${ahead}`);
  }
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
