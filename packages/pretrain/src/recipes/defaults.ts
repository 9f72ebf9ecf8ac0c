import { besidePaper } from './beside-paper.ts';
import { RECIPES } from './list.ts';
import { type Recipe, recipeName } from './recipe.ts';

/**
 * What the recipes set where a setting is not given, other than the papers' value: shown beside its own default.
 *
 * @param name of the setting
 * @param recipes those there are; by default all that were measured
 * @returns such as `0.2 (micro32-10, micro32-40), 0.1 (tiny32-40)`; nothing where no recipe sets it
 * @example
 * recipeDefaults('temperature');
 */
export function recipeDefaults(
  name: string,
  recipes: readonly Recipe[] = RECIPES,
): string | undefined {
  const names = new Map<string, string[]>();
  for (const recipe of recipes) {
    const settings = besidePaper(recipe.preset, recipe.settings);
    const value = (settings as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    names.set(String(value), [...(names.get(String(value)) ?? []), recipeName(recipe)]);
  }
  if (names.size === 0) return undefined;
  return [...names].map(([value, of]) => `${value} (${of.join(', ')})`).join(', ');
}
