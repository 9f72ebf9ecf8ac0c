export { besidePaper } from '../recipes/beside-paper.ts';
export { PAPER, type RecipeUsed, recipeFor } from '../recipes/choose.ts';
export { recipeDefaults } from '../recipes/defaults.ts';
export { layUnder } from '../recipes/lay-under.ts';
export { RECIPES } from '../recipes/list.ts';
export { recipeName, recipeProblems, recipeSettings } from '../recipes/recipe.ts';
export { methodSettings } from './method.ts';
export { didYouMean } from './nearest-name.ts';
export { checkedValues, problemsOf, type Source } from './problems.ts';
export { QUICK_START_DRAWINGS, quickStartSettings } from './quick-start.ts';
export {
  type About,
  choice,
  flag,
  type Given,
  list,
  number,
  type Schema,
  setting,
  text,
  three,
  type Values,
  whole,
  withDefaults,
} from './setting.ts';
export { pretrainSettings, type Settings } from './settings.ts';
export { aboutOf, hintOf, type Shape, shapeOf, textOf } from './shape.ts';
export { TRAINING } from './training.ts';
export { VIEWS } from './views.ts';
