import type { CanConfig } from '@twocan/can';
import { expectInteger, expectOptions } from '@twocan/core';
import { type Augmentation, IMAGENET_MEAN, IMAGENET_STD, type Normalization } from '@twocan/data';
import type { DecoderConfig, ViTConfig } from '@twocan/vit';
import { PAPER, type RecipeUsed, recipeFor } from './recipes/choose.ts';
import { layUnder } from './recipes/lay-under.ts';
import { resolveMethod } from './settings/method.ts';
import { checkedSettings, type Settings } from './settings/settings.ts';
import { resolveTraining, type Training } from './settings/training.ts';
import { resolveViews } from './settings/views.ts';

/** A {@link Normalization} with nothing left out but the interpolation. */
export type PixelRules = Normalization & Required<Pick<Normalization, 'mean' | 'std'>>;

/**
 * A run, resolved: with the same data, on the same backend, it gives the same bits. Plain JSON, so
 * that a person can read it and two runs can be compared.
 */
export type PretrainConfig = Training & {
  readonly preset: string;
  readonly method: string;
  /** Where the settings that were not given came from; absent in runs of versions without recipes. */
  readonly recipe?: RecipeUsed;
  readonly model: CanConfig;
  readonly augmentation: Augmentation;
  /** Pixels in 0..1 have this mean taken off and are divided by this deviation, channel by channel. */
  readonly normalization: PixelRules;
};

/** What a run begins with in place of a preset: sizes of weights that are there, and their pixels. */
export type StartingPoint = {
  readonly encoder: ViTConfig;
  /** One that goes with the width of the encoder where it is left out. */
  readonly decoder?: DecoderConfig | undefined;
  readonly normalization: PixelRules;
};

/** The name of the sizes of a run that begins with weights. */
const OF_WEIGHTS = 'weights';

/**
 * The method's config: that of preset, method and recipe, with the settings on top.
 *
 * @param settings those that differ from the defaults
 * @param start sizes of weights, in place of the preset's: no recipe is theirs
 * @param recipe where settings that are not given come from; by default that of {@link recipeFor}
 * @returns the complete config of `@twocan/can`
 * @throws RangeError one error that lists every problem of the method
 * @example
 * const { encoder } = resolveModel({ preset: 'tiny64' });
 */
export function resolveModel(
  settings: Settings,
  start?: StartingPoint,
  recipe?: RecipeUsed,
): CanConfig {
  const { values } = layered('resolveModel', settings, start, recipe);
  return resolveMethod('resolveModel', values, start);
}

/** Settings with those of their recipe under them, checked and with defaults. */
function layered(
  caller: string,
  settings: Settings,
  start: StartingPoint | undefined,
  given: RecipeUsed | undefined,
  images?: number,
) {
  const checked = checkedSettings(caller, settings);
  const recipe = given ?? (start === undefined ? recipeFor(settings) : PAPER);
  if (Object.keys(recipe.settings).length === 0) return { values: checked, recipe };
  return { values: checkedSettings(caller, layUnder(settings, recipe, images)), recipe };
}

/**
 * Resolves settings to a run: every default is filled in, from the recipe first.
 *
 * @param settings those that differ from the defaults
 * @param data.length how many images there are to train on
 * @param start sizes and normalisation of weights, in place of the preset's
 * @param used where settings that are not given come from; by default that of {@link recipeFor}
 * @returns the config
 * @throws RangeError for settings that are out of range, or a batch of more images than there are
 * @example
 * const config = resolveConfig({ preset: 'tiny32', epochs: 20 }, { length: dataset.length });
 */
export function resolveConfig(
  settings: Settings,
  data: { readonly length: number },
  start?: StartingPoint,
  used?: RecipeUsed,
): PretrainConfig {
  const model = resolveModel(settings, start, used);
  expectOptions('resolveConfig', 'data', data, ['length']);
  expectInteger('resolveConfig', 'data.length', data.length);
  const { values, recipe } = layered('resolveConfig', settings, start, used, data.length);
  const { method } = values;
  const preset = start === undefined ? values.preset : OF_WEIGHTS;
  const run = { preset, images: data.length };
  return {
    preset,
    method,
    recipe,
    model,
    augmentation: resolveViews(values, model.encoder.image.width),
    normalization: start?.normalization ?? { mean: IMAGENET_MEAN, std: IMAGENET_STD },
    ...resolveTraining('resolveConfig', values, run),
  };
}
