import type { HeadName, LevelPlacement, Method } from '@twocan/can';
import { expectInteger, expectNumber, expectOptions, expectType, refuse } from '@twocan/core';

/** What a user may say about a run; all that is left out has a default. */
export type Settings = {
  /** Sizes of encoder and decoder by name; micro32 by default. */
  readonly preset?: string;
  /** The losses to combine; can by default. */
  readonly method?: Method;
  /** Side of the square images that the encoder sees, in pixels; by default the preset's. */
  readonly imageSize?: number;
  /** Side of a patch in pixels, a divisor of the image size; by default the preset's. */
  readonly patch?: number;
  /** Share of patches hidden, in [0, 1). */
  readonly maskRatio?: number;
  /** Of the contrastive loss; 0.1 by default. */
  readonly temperature?: number;
  /** Largest noise level, in deviations of a normalised pixel. */
  readonly sigmaMax?: number;
  /** Which patch tokens of the decoder receive the noise level. */
  readonly noiseEmbed?: LevelPlacement;
  /** Factor on the noise level before its code. */
  readonly noiseScale?: number;
  /** Whether patches are reconstructed with mean 0 and variance 1, or as they are. */
  readonly pixels?: 'normalized' | 'raw';
  /** Projection head of the contrastive loss. */
  readonly head?: HeadName;
  readonly weights?: readonly [contrastive: number, reconstruction: number, denoising: number];
  /** Smallest crop, a share of the image's area in (0, 1]; 0.2 by default. */
  readonly cropMin?: number;
  /** Passes over the data; 100 by default. `steps` win over it. */
  readonly epochs?: number;
  /** Optimizer steps. */
  readonly steps?: number;
  /** Images a step; 64 by default, or all where they are fewer. */
  readonly batch?: number;
  /** Peak learning rate. */
  readonly lr?: number;
  /** Decoupled, on kernels only; 0.05 by default. */
  readonly weightDecay?: number;
  /** Of all random numbers; 0 by default. */
  readonly seed?: number;
  /** Steps between checkpoints, 0 for the end alone; by default a fifth of the run. */
  readonly checkpointEvery?: number;
};

const NAMES: readonly (keyof Settings)[] = [
  ...(['preset', 'method', 'imageSize', 'patch', 'maskRatio', 'temperature'] as const),
  ...(['sigmaMax', 'noiseEmbed', 'noiseScale', 'pixels', 'head', 'weights', 'cropMin'] as const),
  ...(['epochs', 'steps', 'batch', 'lr', 'weightDecay', 'seed', 'checkpointEvery'] as const),
];

const LEAST = { imageSize: 1, patch: 1, steps: 1, batch: 1, seed: 0, checkpointEvery: 0 } as const;
const RATES = ['lr', 'weightDecay'] as const;
const POSITIVE = ['epochs', 'cropMin'] as const;

/**
 * Checks settings, but for what depends on the method: `resolveCanConfig` looks at that.
 *
 * @throws TypeError or RangeError for a setting that is unknown or out of range
 */
export function expectSettings(caller: string, settings: Settings): void {
  expectOptions(caller, 'settings', settings, [], NAMES);
  for (const [name, least] of Object.entries(LEAST)) {
    const value = settings[name as keyof typeof LEAST];
    if (value !== undefined) expectInteger(caller, name, value, least, Number.MAX_SAFE_INTEGER);
  }
  for (const name of RATES) expectIf(name, 'be 0 or more', (x) => x >= 0);
  for (const name of POSITIVE) expectIf(name, 'be more than 0', (x) => x > 0);
  const { pixels, weights } = settings;
  if (pixels !== undefined && pixels !== 'normalized' && pixels !== 'raw') {
    refuse(caller, 'pixels', "be 'normalized' or 'raw'", pixels, TypeError);
  }
  if (weights !== undefined) {
    expectType(caller, 'weights', weights, Array);
    if (weights.length !== 3) refuse(caller, 'weights', 'be three numbers', weights);
  }
  function expectIf(
    name: 'epochs' | 'cropMin' | 'lr' | 'weightDecay',
    rule: string,
    holds: (x: number) => boolean,
  ): void {
    const value = settings[name];
    if (value === undefined) return;
    const fits = (x: number): boolean => Number.isFinite(x) && holds(x);
    expectNumber(caller, name, value, rule, fits);
  }
}
