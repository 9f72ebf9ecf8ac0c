import { type Scalar, Tensor } from '@tensorflow/tfjs-core';
import { namedLeaves } from '@twocan/core';

/** Where batches come from: a function of the step, or one after the other. */
export type Batches<B> = ((step: number) => B | Promise<B>) | AsyncIterable<B>;

/** Batches one at a time, with the next one already under way. */
export type Feed<B> = {
  readonly next: (step: number) => Promise<B>;
  /** Ends the source and disposes a batch that was fetched ahead. */
  readonly close: () => Promise<void>;
};

/**
 * Fetches one batch ahead, so that loading overlaps with computing.
 *
 * @param batches the source
 * @param until no batch is fetched for this step or later ones
 * @param keep whether batches belong to the caller
 * @returns the feed
 */
export function feedOf<B>(batches: Batches<B>, until: number, keep: boolean): Feed<B> {
  const iterator = typeof batches === 'function' ? undefined : batches[Symbol.asyncIterator]();
  const fetch = async (step: number): Promise<B> => {
    if (typeof batches === 'function') return batches(step);
    const turn = await iterator?.next();
    if (turn === undefined || turn.done) {
      throw new RangeError(
        `fit: batches ended at step ${step} of ${until}; give more or lower until`,
      );
    }
    return turn.value;
  };
  let ahead: { readonly step: number; readonly batch: Promise<B> } | undefined;
  return {
    next: async (step) => {
      const batch = await (ahead?.step === step ? ahead.batch : fetch(step));
      ahead = step + 1 < until ? { step: step + 1, batch: fetch(step + 1) } : undefined;
      // A failure is reported by the `next` that needs the batch, not as an unhandled rejection.
      ahead?.batch.catch(() => undefined);
      return batch;
    },
    close: async () => {
      const left = await ahead?.batch.catch(() => undefined);
      if (left !== undefined && !keep) disposeBatch(left);
      await iterator?.return?.();
    },
  };
}

/** Disposes the tensors of a batch; its typed arrays are leaves and not walked through. */
export function disposeBatch(batch: unknown): void {
  for (const [, leaf] of namedLeaves<unknown>(batch)) if (leaf instanceof Tensor) leaf.dispose();
}

/** Reads scalars to numbers and disposes them. */
export async function readMetrics(metrics: {
  readonly [name: string]: Scalar;
}): Promise<{ readonly [name: string]: number }> {
  const read = Object.entries(metrics).map(async ([name, scalar]): Promise<[string, number]> => {
    const [value] = await scalar.data();
    scalar.dispose();
    return [name, value ?? Number.NaN];
  });
  return Object.fromEntries(await Promise.all(read));
}
