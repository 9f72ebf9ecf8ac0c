import type { CanConfig } from '@twocan/can';
import { expectInteger, expectOptions } from '@twocan/core';
import {
  type Augmentation,
  IMAGENET_MEAN,
  IMAGENET_STD,
  type Normalization,
  resolveAugmentation,
} from '@twocan/data';
import { resolveMethod } from './settings/method.ts';
import { checkedSettings, type Settings } from './settings/settings.ts';
import { resolveTraining, type Training } from './settings/training.ts';

/** A {@link Normalization} with nothing left out but the interpolation. */
export type PixelRules = Normalization & Required<Pick<Normalization, 'mean' | 'std'>>;

/**
 * A run, resolved: with the same data, on the same backend, it gives the same bits. Plain JSON, so
 * that a person can read it and two runs can be compared.
 */
export type PretrainConfig = Training & {
  readonly preset: string;
  readonly method: string;
  readonly model: CanConfig;
  readonly augmentation: Augmentation;
  /** Pixels in 0..1 have this mean taken off and are divided by this deviation, channel by channel. */
  readonly normalization: PixelRules;
};

/**
 * The method's config: that of preset and method, with the settings on top.
 *
 * @param settings those that differ from the defaults
 * @returns the complete config of `@twocan/can`
 * @throws RangeError one error that lists every problem of the method
 * @example
 * const { encoder } = resolveModel({ preset: 'tiny64' });
 */
export function resolveModel(settings: Settings): CanConfig {
  return resolveMethod('resolveModel', checkedSettings('resolveModel', settings));
}

/**
 * Resolves settings to a run: every default is filled in.
 *
 * @param settings those that differ from the defaults
 * @param data.length how many images there are to train on
 * @returns the config
 * @throws RangeError for settings that are out of range, or a batch of more images than there are
 * @example
 * const config = resolveConfig({ preset: 'tiny32', epochs: 20 }, { length: dataset.length });
 */
export function resolveConfig(
  settings: Settings,
  data: { readonly length: number },
): PretrainConfig {
  const model = resolveModel(settings);
  expectOptions('resolveConfig', 'data', data, ['length']);
  expectInteger('resolveConfig', 'data.length', data.length);
  const values = checkedSettings('resolveConfig', settings);
  const { preset, method, cropMin } = values;
  const run = { preset, images: data.length };
  return {
    preset,
    method,
    model,
    augmentation: resolveAugmentation(model.encoder.image.width, { scale: [cropMin, 1] }),
    normalization: { mean: IMAGENET_MEAN, std: IMAGENET_STD },
    ...resolveTraining('resolveConfig', values, run),
  };
}
