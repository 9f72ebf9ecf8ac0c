import { usesContrast, usesDecoder, usesNoise } from '@twocan/can';
import { expectInteger, expectOptions, expectType } from '@twocan/core';
import { isNonFinite } from '@twocan/trainer';
import type { PretrainConfig } from '../config.ts';
import { expectPretrainConfig } from '../expect-config.ts';
import type { Settings } from '../settings/settings.ts';

/** What a setting is called where an error is read: by its name, or as an option of a command. */
export type Naming = (setting: keyof Settings) => string;

/** A setting that can make numbers overflow before anything was trained. */
type Suspect = {
  readonly setting: keyof Settings;
  /** Whether a value as far off as this makes numbers overflow. */
  readonly isFar: (config: PretrainConfig) => boolean;
  readonly value: (config: PretrainConfig) => number | string;
  readonly usual: string;
};

const weightsOf = ({ model: { weights } }: PretrainConfig): number[] => Object.values(weights);

const SUSPECTS: readonly Suspect[] = [
  {
    setting: 'temperature',
    isFar: ({ model }) => usesContrast(model) && model.temperature < 1e-3,
    value: ({ model }) => model.temperature,
    usual: '0.1',
  },
  {
    setting: 'weights',
    isFar: (config) => weightsOf(config).some((weight) => weight > 1e6),
    value: (config) => weightsOf(config).join(','),
    usual: '0.03,0.67,0.3',
  },
  {
    setting: 'sigmaMax',
    isFar: ({ model }) => usesNoise(model) && model.noise.max > 1e3,
    value: ({ model }) => model.noise.max,
    usual: '0.05',
  },
  {
    setting: 'noiseScale',
    isFar: ({ model }) => usesNoise(model) && usesDecoder(model) && model.noise.scale > 1e9,
    value: ({ model }) => model.noise.scale,
    usual: '1',
  },
];

/**
 * What to do about numbers that stopped being finite: it follows from when that was, since nothing
 * but settings and images can be at fault before the first update.
 *
 * @param config the run
 * @param step how many updates were done
 * @param naming what settings are called; by their names by default
 * @returns a sentence without its full stop
 * @example
 * explosionAdvice(config, 0, (setting) => `--${setting}`);
 */
export function explosionAdvice(
  config: PretrainConfig,
  step: number,
  naming: Naming = (setting) => setting,
): string {
  expectPretrainConfig('explosionAdvice', config);
  expectInteger('explosionAdvice', 'step', step, 0);
  expectType('explosionAdvice', 'naming', naming, 'function');
  const { learningRate, warmupSteps } = config.optimizer;
  const suspects = SUSPECTS.filter(({ isFar }) => isFar(config)).map(
    ({ setting, value, usual }) =>
      `${naming(setting)} nearer to ${usual} (it was ${value(config)})`,
  );
  if (suspects.length > 0) return `start anew with ${suspects.join(' and ')}`;
  const lr = naming('lr');
  if (step === 0) {
    return `nothing was trained yet, so ${lr} is not the cause: look at the images and at the settings of the method`;
  }
  const decay = decayAdvice(config.optimizer, naming);
  if (decay !== undefined) return `start anew with ${decay}`;
  const bound = config.optimizer.clip === undefined ? `, or with ${naming('clip')} 1` : '';
  return `start anew with a lower ${lr} (the peak was ${brief(learningRate)} after ${warmupSteps} steps of warm-up; try ${brief(learningRate / 3)})${bound}`;
}

/**
 * What to do where the decay makes weights grow: each step takes off more than all of them.
 *
 * @param optimizer the peak rate, and the decay that it is multiplied with
 * @param naming what settings are called; by their names by default
 * @returns such as `a lower weightDecay (it was 1e+30; …)`; nothing where the decay is not to blame
 * @example
 * decayAdvice({ learningRate: 1e-3, weightDecay: 0.05 }); // undefined
 */
export function decayAdvice(
  optimizer: { readonly learningRate: number; readonly weightDecay: number },
  naming: Naming = (setting) => setting,
): string | undefined {
  expectOptions('decayAdvice', 'optimizer', optimizer, ['learningRate', 'weightDecay']);
  expectType('decayAdvice', 'naming', naming, 'function');
  const { learningRate, weightDecay } = optimizer;
  if (weightDecay <= 1 || learningRate * weightDecay <= 1) return undefined;
  return `a lower ${naming('weightDecay')} (it was ${weightDecay}; times the rate of ${brief(learningRate)} it must be far below 1)`;
}

const brief = (rate: number): string => String(Number(rate.toPrecision(2)));

/** What stopped being finite, and after how many updates. */
export type Explosion = { readonly step: number; readonly what: string };

/** The error of a run whose numbers stopped being finite. */
export type ExplosionError = Error & Explosion & { readonly code: 'NON_FINITE' };

/**
 * What was not finite, from the error.
 *
 * @param error what was thrown by `fit`, or by a run
 * @returns such as `contrastive is NaN, loss is NaN` after step 12; nothing for another error
 * @example
 * const found = explosionOf(error);
 * if (found !== undefined) console.error(`${found.what} after step ${found.step}`);
 */
export function explosionOf(error: unknown): Explosion | undefined {
  // Features that are not finite have the same code, and belong to no step.
  if (!isNonFinite(error) || error.step === undefined) return undefined;
  const { metrics = {}, leaf, step } = error;
  if ('what' in error) return { step, what: String(error.what) };
  const wrong = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value));
  const names = wrong.map(([name, value]) => `${name} is ${value}`);
  const held = leaf === undefined ? [] : [`${leaf} holds NaN or infinity`];
  return { step, what: [...names, ...held].join(', ') };
}

/** The error of a run, with what exploded and what to change. */
export function exploded(config: PretrainConfig, { step, what }: Explosion): ExplosionError {
  const error = new Error(
    `pretrain: numbers must stay finite, got what exploded after step ${step}: ${what}; ${explosionAdvice(config, step)}`,
  );
  return Object.assign(error, { code: 'NON_FINITE' as const, step, what });
}
