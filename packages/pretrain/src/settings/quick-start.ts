import type { Settings } from './settings.ts';

// The method's own weights are for long runs with large batches; in a few hundred steps the contrast teaches
// most, so it weighs more here, and crops keep the figure that a picture shows. Two cores on the wasm backend
// finish it well under five minutes. No recipe was measured on drawings.
const STEPS = 350;
const WEIGHTS = [0.5, 0.35, 0.15] as const;
const SMALLEST_CROP = 0.5;

/** How many drawings a run trains on that is given no images. */
export const QUICK_START_DRAWINGS = 2000;

/**
 * The settings of a run on drawings that shows within minutes that something is learned.
 *
 * @param given settings that a user chose
 * @returns the same, with those of the demonstration for what they leave open
 * @example
 * quickStartSettings({ method: 'mae' }); // { recipe: 'paper', cropMin: 0.5, steps: 350, method: 'mae' }
 */
export function quickStartSettings<S extends Settings>(given: S): S & Settings {
  return {
    recipe: 'paper',
    cropMin: SMALLEST_CROP,
    ...(given.epochs === undefined && { steps: STEPS }),
    ...(given.method === undefined && { weights: WEIGHTS }),
    ...given,
  };
}
