import { besidePaper } from '@twocan/pretrain/settings';
import { writtenFlag } from '../args/flag-name.ts';
import { type RunConfig, recipeBefore } from './config.ts';

/**
 * What the recipe of a run set otherwise than the papers, in the flags that would have set it too.
 *
 * @param config the run
 * @returns such as `--patch 4 --temperature 0.2`; empty for the papers' values
 */
function flagsOfRecipe(config: RunConfig): string {
  // Both go with the number of images.
  const resolved: Readonly<Record<string, unknown>> = {
    batch: config.batch,
    lr: config.optimizer.learningRate,
  };
  return Object.entries(besidePaper(config.preset, recipeBefore(config).settings))
    .filter(([name]) => !Object.hasOwn(config.options, name))
    .map(([name, value]) => `${writtenFlag(name)} ${resolved[name] ?? value}`)
    .join(' ');
}

/**
 * Where the settings of a run come from that were not given.
 *
 * @param config the run
 * @returns such as `micro32-40 (--patch 4 --temperature 0.2)`, or `micro32-40` where that sets nothing else than the
 *   papers, or `paper`
 */
export function recipeLine(config: RunConfig): string {
  const { name } = recipeBefore(config);
  const flags = flagsOfRecipe(config);
  return flags === '' ? name : `${name} (${flags})`;
}

/**
 * What a person should know of a recipe before waiting for its run.
 *
 * @param config the run
 * @returns a sentence; nothing where all settings are the papers' or were given
 */
export const recipeNote = (config: RunConfig): string | undefined =>
  flagsOfRecipe(config) === ''
    ? undefined
    : `settings that were not given are those of ${recipeLine(config)}; --recipe paper takes the papers'`;
