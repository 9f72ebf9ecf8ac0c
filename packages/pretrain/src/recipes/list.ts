// Written by `npm run make-recipe -w @twocan/bench`: the files of this folder.
import micro32 from './micro32.json' with { type: 'json' };
import micro32p4 from './micro32p4.json' with { type: 'json' };
import type { Recipe } from './recipe.ts';

/** Every recipe that was measured, in order of presets and lengths. */
export const RECIPES: readonly Recipe[] = [
  ...micro32,
  ...micro32p4,
] as unknown as readonly Recipe[];
