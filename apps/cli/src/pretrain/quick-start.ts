import type { Options } from '../args/options.ts';

// Two cores on the wasm backend finish this well under five minutes. The method's own weights are
// for long runs with large batches; in a few hundred steps the contrast teaches most, so it weighs
// more here, and crops keep the figure that a picture shows.
const DATA = 'shapes:2000';
const STEPS = 350;
const WEIGHTS = [0.5, 0.35, 0.15] as const;
const SMALLEST_CROP = 0.5;

/**
 * What `twocan pretrain` does when it is given no data: a demonstration that finishes in minutes.
 *
 * @param options the flags
 * @returns the flags as they are if they name data, else with the demonstration's for what they
 *   leave open
 */
export function quickStart(options: Options): Options {
  if (options.data !== undefined) return options;
  return {
    data: DATA,
    cropMin: SMALLEST_CROP,
    ...(options.epochs === undefined && { steps: STEPS }),
    ...(options.method === undefined && { weights: WEIGHTS }),
    ...options,
  };
}
