// Written by `npm run make-recipe -w @twocan/bench`: the files of this folder.
import type { Recipe } from './recipe.ts';

/** Every recipe that was measured, in order of presets and lengths. */
export const RECIPES: readonly Recipe[] = [];
