/** Runs a task as soon as its weight fits. */
export type WeightLimit = <T>(weight: number, run: () => Promise<T>) => Promise<T>;

/**
 * A limit on what is in flight by weight, first come, first served: p-limit knows numbers only.
 *
 * @param budget what tasks in flight may weigh together; a heavier one runs alone
 * @returns runs a task of a weight of 1 or more
 * @example
 * const limit = weightLimit(100);
 * await limit(30, work);
 * await limit(Number.POSITIVE_INFINITY, workThatRunsAlone);
 */
export function weightLimit(budget: number): WeightLimit {
  const waiting: { readonly share: number; readonly start: () => void }[] = [];
  let held = 0;
  const startNext = (): void => {
    for (let first = waiting[0]; first && held + first.share <= budget; first = waiting[0]) {
      waiting.shift();
      held += first.share;
      first.start();
    }
  };
  return async (weight, run) => {
    const share = Math.min(budget, Math.max(1, weight));
    await new Promise<void>((start) => {
      waiting.push({ share, start });
      startNext();
    });
    try {
      return await run();
    } finally {
      held -= share;
      startNext();
    }
  };
}
