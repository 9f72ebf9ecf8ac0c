import type { Settings } from '../settings/settings.ts';
import { imagesOfStep } from '../settings/training.ts';
import type { RecipeUsed } from './choose.ts';

/**
 * Settings of a run with those of its recipe where nothing is given.
 *
 * A recipe's batch is all images where they are fewer, and its rate is that of its batch: it goes in
 * proportion with the images of a step.
 *
 * @param given settings, checked; those that are undefined count as left out
 * @param recipe what lies under them
 * @param images how many images there are to train on, where that is known
 * @returns settings without gaps that the recipe fills
 */
export function layUnder(
  given: Settings,
  { settings: { batch: usual, lr, ...others } }: RecipeUsed,
  images = Number.POSITIVE_INFINITY,
): Settings {
  const some = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Settings;
  if (usual === undefined || lr === undefined) return { ...others, ...some };
  const batch = some.batch ?? Math.min(usual, images);
  const { accumulate } = some;
  return { ...others, batch, lr: (lr * imagesOfStep({ batch, accumulate })) / usual, ...some };
}
