import type { CanConfig } from '@twocan/can';
import { randomViews, type TrialStep, trialStep } from '@twocan/pretrain';

/** One training step of CAN on the current backend; gives its milliseconds. */
export type TimedStep = () => Promise<number>;

/**
 * A step with a clock around it.
 *
 * @param step both halves of it
 * @returns milliseconds from its begin until it is computed
 */
export const timed =
  ({ begin, end }: TrialStep): TimedStep =>
  async () => {
    const start = performance.now();
    begin();
    await end();
    return performance.now() - start;
  };

/**
 * The same on random images.
 *
 * @param config the model
 * @param batch images a step, each in two views
 */
export function canStep(config: CanConfig, batch: number): TimedStep {
  const views = randomViews(config, batch);
  return timed(trialStep(config, () => views));
}
