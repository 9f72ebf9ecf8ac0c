import { expectOptions } from '@twocan/core';
import { type PretrainConfig, resolveConfig } from '../config.ts';
import { differences } from '../differences.ts';
import type { Settings } from '../settings/settings.ts';
import { imagesOfStep } from '../settings/training.ts';
import { imagesSeen, nearestRecipe } from './choose.ts';
import { RECIPES } from './list.ts';
import { type Band, type Recipe, recipeName } from './recipe.ts';

/** What curves of a run can be compared with. */
export type Reference = {
  /** The recipe's name. */
  readonly recipe: string;
  /** How many runs it was measured by, and on which images. */
  readonly runs: number;
  readonly data: readonly string[];
  /** By metric: where the curves of the recipe's runs lie. */
  readonly bands: Readonly<Record<string, Band>>;
  /** Why other metrics have no band, such as `batch: 256 in the recipe, 64 here`. */
  readonly differs: readonly string[];
};

/** Runs that saw up to so many times more or fewer images have curves of the same form. */
const NEAR = 2;

/** Differences of a run that concern some metrics alone; any other one makes all of them incomparable. */
const CONCERNS: readonly { readonly path: RegExp; readonly metrics: readonly string[] }[] = [
  {
    path: /^(batch|augmentation\b|model\.(temperature|projector|pool)\b)/,
    metrics: ['loss', 'contrastive'],
  },
  { path: /^model\.noise\b/, metrics: ['loss', 'denoising'] },
  { path: /^model\.(target|normalizePixels)\b/, metrics: ['loss', 'reconstruction'] },
];

/**
 * The curves that those of a run can be compared with: the recipe of the same preset and method whose runs saw as many
 * images, but for metrics that mean something else under the run's settings.
 *
 * @param config the run
 * @param recipes those there are; by default all that were measured
 * @returns the bands; nothing where no recipe has the preset and the method
 * @throws TypeError for what is no config
 * @example
 * const band = referenceOf(config)?.bands.contrastive;
 */
export function referenceOf(
  config: PretrainConfig,
  recipes: readonly Recipe[] = RECIPES,
): Reference | undefined {
  expectOptions('referenceOf', 'config', config, ['preset', 'method', 'model', 'steps', 'batch']);
  const { preset, method, steps } = config;
  const batch = imagesOfStep(config);
  const recipe = nearestRecipe({ preset, method, steps, batch } as Settings, recipes);
  if (recipe === undefined) return undefined;
  const { runs } = recipe;
  const about = {
    recipe: recipeName(recipe),
    runs: runs.length,
    data: [...new Set(runs.map(({ data }) => data))],
  };
  const [seen, others] = [steps * batch, imagesSeen(recipe)];
  const [least, most] = [Math.min(...others), Math.max(...others)];
  if (seen * NEAR < least || seen > most * NEAR) {
    const range = least === most ? `${least}` : `${least} to ${most}`;
    return { ...about, bands: {}, differs: [`images seen: ${range} in the recipe, ${seen} here`] };
  }
  const { settings } = recipe;
  const usual = resolveConfig(
    { ...settings, preset: recipe.preset, method: recipe.method, recipe: 'paper', steps: 1 },
    { length: settings.batch },
  );
  const differs = differences(comparable(usual, usual.batch), comparable(config, batch), {
    sides: ['in the recipe', 'here'],
  });
  const isConcerned = (metric: string): boolean =>
    differs.some((line) => {
      const concern = CONCERNS.find(({ path }) => path.test(line));
      return concern === undefined || concern.metrics.includes(metric);
    });
  const bands = Object.entries(recipe.bands).filter(([metric]) => !isConcerned(metric));
  return { ...about, bands: Object.fromEntries(bands), differs };
}

/** What decides the meaning of curves: what is minimised, on which views, in batches of which size. */
const comparable = ({ model, augmentation, balance }: PretrainConfig, batch: number) => ({
  batch,
  balance: balance ?? 'none',
  model,
  augmentation,
});
