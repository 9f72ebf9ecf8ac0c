import { expectOptions, refuse } from '@twocan/core';
import { pretrainSettings, type Settings } from '../settings/settings.ts';
import { RECIPES } from './list.ts';
import { type Recipe, type RecipeSettings, recipeName } from './recipe.ts';

/** What the settings of a run that are not given come from. */
export type RecipeUsed = {
  /** `paper`, or preset and length of a recipe, such as `micro32-40`. */
  readonly name: string;
  /** What the recipe sets where nothing is given. */
  readonly settings: Partial<RecipeSettings>;
};

/** The method's own values, as in the papers. */
export const PAPER: RecipeUsed = { name: 'paper', settings: {} };

/** Preset, method and length of a run that names none. */
const USUAL = {
  preset: pretrainSettings.preset.default,
  method: pretrainSettings.method.default,
  epochs: pretrainSettings.epochs.default,
};

/**
 * The recipe that a run takes: of its preset and method, the one whose length is nearest.
 *
 * Lengths are compared by epochs, or, where steps are given, by images seen; near is by ratio.
 *
 * @param settings of the run; `recipe: 'paper'` takes none
 * @param recipes those there are; by default all that were measured
 * @returns the recipe, or {@link PAPER} where there is none
 * @throws RangeError for `recipe: 'measured'` where there is none
 * @example
 * recipeFor({ preset: 'micro32', recipe: 'paper' }).name; // 'paper'
 */
export function recipeFor(settings: Settings, recipes: readonly Recipe[] = RECIPES): RecipeUsed {
  expectOptions('recipeFor', 'settings', settings, []);
  if (settings.recipe === 'paper') return PAPER;
  const nearest = nearestRecipe(settings, recipes);
  if (nearest !== undefined) return { name: recipeName(nearest), settings: nearest.settings };
  if (settings.recipe === undefined) return PAPER;
  const { preset = USUAL.preset, method = USUAL.method } = settings;
  return refuse(
    'recipeFor',
    'recipe',
    `be paper for preset ${preset} and method ${method}, which have no measured one`,
    settings.recipe,
  );
}

/** The recipe of the nearest length, with all that was measured of it. */
export function nearestRecipe(
  { preset = USUAL.preset, method = USUAL.method, epochs, steps, batch }: Settings,
  recipes: readonly Recipe[] = RECIPES,
): Recipe | undefined {
  const far = (recipe: Recipe): number => {
    if (steps === undefined) return Math.abs(Math.log((epochs ?? USUAL.epochs) / recipe.epochs));
    return Math.abs(
      Math.log((steps * (batch ?? recipe.settings.batch)) / middle(imagesSeen(recipe))),
    );
  };
  return recipes
    .filter((recipe) => recipe.preset === preset && recipe.method === method)
    .map((recipe) => ({ recipe, far: far(recipe) }))
    .sort((a, b) => a.far - b.far)[0]?.recipe;
}

/** How many images each run of a recipe saw, an image counted each time. */
export const imagesSeen = ({ runs, settings }: Recipe): number[] =>
  runs.map(({ steps }) => steps * settings.batch);

/** The geometric mean. */
const middle = (counts: readonly number[]): number =>
  Math.exp(counts.reduce((sum, count) => sum + Math.log(count), 0) / counts.length);
