import { BATCH, usualRate } from '../settings/training.ts';
import type { RecipeSettings } from './recipe.ts';

/**
 * What a recipe sets otherwise than the papers' values: its batch and rate are always named, though they may be those.
 *
 * @param preset that the recipe is of
 * @param settings the recipe's
 * @returns the same without the papers' own batch and rate; empty where the measurement found nothing better
 * @example
 * besidePaper('micro32', { batch: 64, lr: 1.5e-3, temperature: 0.2 }); // { temperature: 0.2 }
 */
export function besidePaper(
  preset: string,
  settings: Partial<RecipeSettings>,
): Partial<RecipeSettings> {
  const papers: Readonly<Record<string, unknown>> = { batch: BATCH, lr: usualRate(preset, BATCH) };
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => papers[name] !== value),
  );
}
