import { type CanConfig, resolveCanConfig } from '@twocan/can';
import { expectInteger, expectOptions, refuse } from '@twocan/core';
import { type Augmentation, IMAGENET_MEAN, IMAGENET_STD, resolveAugmentation } from '@twocan/data';
import { expectSettings, type Settings } from './settings/settings.ts';

/**
 * A run, resolved: with the same data, on the same backend, it gives the same bits. Plain JSON, so
 * that a person can read it and two runs can be compared.
 */
export type PretrainConfig = {
  readonly preset: string;
  readonly method: string;
  readonly model: CanConfig;
  readonly augmentation: Augmentation;
  /** Pixels in 0..1 have this mean taken off and are divided by this deviation, channel by channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Images a step. */
  readonly batch: number;
  readonly steps: number;
  readonly optimizer: {
    readonly name: 'adamw';
    readonly learningRate: number;
    readonly minLearningRate: number;
    readonly warmupSteps: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly weightDecay: number;
  };
  readonly seed: number;
  /** Steps between checkpoints; 0 for the last alone. */
  readonly checkpointEvery: number;
};

/** The preset of a run that names none. */
export const DEFAULT_PRESET = 'micro32';
const EPOCHS = 100;
const BATCH = 64;
/** A twentieth of the run warms up: MAE's 40 of 800 epochs. */
const WARMUP_SHARE = 0.05;
/** The peak rate is base * batch / 256, as in MAE and both CAN codes. */
const BASE_RATE = { large: 2.5e-4, small: 6e-3 } as const;
/** Presets for 32 and 64 px: narrow models on short runs learn at a much larger rate. */
const SMALL = /^(micro|tiny|small)\d/;

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
  expectSettings('resolveModel', settings);
  const { preset = DEFAULT_PRESET, method = 'can', maskRatio, temperature } = settings;
  const { sigmaMax, noiseEmbed, noiseScale, pixels, head, weights, imageSize, patch } = settings;
  const noise = {
    ...(sigmaMax === undefined ? {} : { max: sigmaMax }),
    ...(noiseEmbed === undefined ? {} : { embed: noiseEmbed }),
    ...(noiseScale === undefined ? {} : { scale: noiseScale }),
  };
  const encoder = {
    ...(imageSize === undefined ? {} : { image: { height: imageSize, width: imageSize } }),
    ...(patch === undefined ? {} : { patch }),
  };
  const [contrastive = 0, reconstruction = 0, denoising = 0] = weights ?? [];
  return resolveCanConfig({
    ...{ preset, method, encoder, noise },
    ...(maskRatio === undefined ? {} : { maskRatio }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(pixels === undefined ? {} : { normalizePixels: pixels === 'normalized' }),
    ...(head === undefined ? {} : { projector: head }),
    ...(weights === undefined ? {} : { weights: { contrastive, reconstruction, denoising } }),
  });
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
  const { preset = DEFAULT_PRESET, method = 'can', epochs = EPOCHS, cropMin } = settings;
  const batch = settings.batch ?? Math.min(BATCH, data.length);
  if (batch > data.length) {
    refuse('resolveConfig', 'batch', `be at most the ${data.length} images of the data`, batch);
  }
  const perEpoch = Math.floor(data.length / batch);
  const steps = settings.steps ?? Math.max(1, Math.round(epochs * perEpoch));
  const base = SMALL.test(preset) ? BASE_RATE.small : BASE_RATE.large;
  return {
    preset,
    method,
    model,
    augmentation: resolveAugmentation(
      model.encoder.image.width,
      cropMin === undefined ? {} : { scale: [cropMin, 1] },
    ),
    normalization: { mean: IMAGENET_MEAN, std: IMAGENET_STD },
    batch,
    steps,
    optimizer: {
      name: 'adamw',
      learningRate: settings.lr ?? (base * batch) / 256,
      minLearningRate: 0,
      warmupSteps: Math.round(steps * WARMUP_SHARE),
      beta1: 0.9,
      beta2: 0.95,
      weightDecay: settings.weightDecay ?? 0.05,
    },
    seed: settings.seed ?? 0,
    checkpointEvery: settings.checkpointEvery ?? Math.max(1, Math.ceil(steps / 5)),
  };
}
