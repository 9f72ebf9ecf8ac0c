import { expectNumber, expectOptions } from '@twocan/core';
import { preset as vitPreset } from '@twocan/vit';
import {
  type CanConfig,
  type HeadName,
  type Method,
  methods,
  PAPER_NOISE,
  type ProjectorShape,
} from './config.ts';
import { mergeSettings } from './merge.ts';
import { findProblems } from './problems.ts';

/** T with every setting optional, at any depth. */
type Partially<T> = T extends string | number | boolean
  ? T
  : { readonly [Name in keyof T]?: Partially<T[Name]> };

/** A preset and a method to start from, and any settings of {@link CanConfig} on top. */
export type CanOptions = Omit<Partially<CanConfig>, 'projector'> & {
  /** Sizes of encoder and decoder by name: micro32, mini32, tiny32, mini64, ti16, s16, … */
  readonly preset?: string;
  /** The losses to combine; 'can' unless given. */
  readonly method?: Method;
  /** A head by name, or settings on top of the preset's head. */
  readonly projector?: HeadName | Partially<ProjectorShape>;
};

// From this width on, the presets of 16 and 14 pixel patches get the large head.
const LARGE_HEAD = new Set(['s16', 'b16', 'l16', 'h14']);

/**
 * Completes and checks a config.
 *
 * Settings come from the preset (sizes), then the method (losses, views, mask, noise), then what is
 * given. The result is plain JSON, and resolving it again changes nothing.
 *
 * @param options `preset` or `encoder` is needed; `method` is 'can' unless given
 * @returns the complete config
 * @throws RangeError one error that lists every problem found
 * @example
 * resolveCanConfig({ preset: 'micro32', method: 'mae' }).weights;
 * // { contrastive: 0, reconstruction: 1, denoising: 0 }
 */
export function resolveCanConfig(options: CanOptions): CanConfig {
  expectOptions('resolveCanConfig', 'options', options, []);
  const problems: string[] = [];
  const { preset, method = 'can', projector, ...settings } = options;
  const sizes = sizesOf(preset, problems);
  const known = Object.hasOwn(methods, method);
  if (!known) {
    problems.push(`method: must be one of ${Object.keys(methods).join(', ')}, got '${method}'`);
  }
  const { noise, ...losses } = methods[known ? method : 'can'];
  const defaults = {
    ...sizes,
    ...losses,
    temperature: 0.1,
    noise: { ...noise, embed: 'all', embedCls: false, scale: 1, ...PAPER_NOISE },
    target: 'clean',
    normalizePixels: true,
    pool: 'patches',
  };
  const config = mergeSettings(defaults, settings, problems) as Omit<CanConfig, 'projector'>;
  const complete: CanConfig = {
    ...config,
    noise: withoutPapers(config.noise),
    projector: projectorOf(projector, preset, config.encoder.width, problems),
  };
  problems.push(...findProblems(complete));
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    throw new RangeError(`resolveCanConfig: ${count}\n${problems.map((p) => `- ${p}`).join('\n')}`);
  }
  return complete;
}

/** Choices as in the paper are left out: configs of before there was a choice stay what they are. */
function withoutPapers(noise: CanConfig['noise']): CanConfig['noise'] {
  const papers = Object.entries(PAPER_NOISE);
  const isPapers = ([name, value]: [string, unknown]): boolean =>
    papers.some(([own, usual]) => own === name && usual === value);
  return Object.fromEntries(
    Object.entries(noise).filter((entry) => !isPapers(entry)),
  ) as CanConfig['noise'];
}

/** Sizes by name; without a name those of the encoder stay NaN until they are given. */
function sizesOf(preset: string | undefined, problems: string[]) {
  if (preset !== undefined) {
    try {
      return vitPreset(preset as Parameters<typeof vitPreset>[0]);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  const { encoder, decoder } = vitPreset('tiny32');
  // A wrong preset is one problem, not six missing sizes.
  if (preset !== undefined) return { encoder, decoder };
  const missing = { patch: Number.NaN, width: Number.NaN, depth: Number.NaN, heads: Number.NaN };
  const image = { height: Number.NaN, width: Number.NaN };
  return { encoder: { ...encoder, ...missing, image }, decoder };
}

function projectorOf(
  given: CanOptions['projector'],
  preset: string | undefined,
  width: number,
  problems: string[],
): ProjectorShape {
  const heads: Record<HeadName, ProjectorShape> = {
    light: { hidden: width, layers: 1, out: 128, batchNorm: false, statistics: 'both-views' },
    large: { hidden: 4096, layers: 2, out: 128, batchNorm: true, statistics: 'both-views' },
  };
  const usual = heads[LARGE_HEAD.has(preset ?? '') ? 'large' : 'light'];
  if (given === undefined) return usual;
  if (typeof given !== 'string') {
    return mergeSettings(usual, given, problems, 'projector') as ProjectorShape;
  }
  const named = (heads as Readonly<Record<string, ProjectorShape>>)[given];
  if (named === undefined) problems.push(`projector: must be 'light' or 'large', got '${given}'`);
  return named ?? usual;
}

/**
 * The three weights from the nested form of the authors' code:
 * `autoencoder·[noise·DEN + (1 − noise)·REC] + contrastive·InfoNCE`.
 *
 * @param nested their `weight_mae`, `weight_simclr` and `weight_noise`; defaults are theirs
 * @returns weights for a config
 * @example
 * weightsFromNested(); // { contrastive: 0.03, reconstruction: 0.679, denoising: 0.291 }
 */
export function weightsFromNested(
  options: {
    readonly autoencoder?: number;
    readonly contrastive?: number;
    readonly noise?: number;
  } = {},
): CanConfig['weights'] {
  const names = ['autoencoder', 'contrastive', 'noise'];
  expectOptions('weightsFromNested', 'options', options, [], names);
  const { autoencoder = 0.97, contrastive = 0.03, noise = 0.3 } = options;
  for (const [name, weight] of Object.entries({ autoencoder, contrastive })) {
    const fits = (x: number): boolean => x >= 0 && Number.isFinite(x);
    expectNumber('weightsFromNested', name, weight, 'be at least 0', fits);
  }
  expectNumber('weightsFromNested', 'noise', noise, 'lie in [0, 1]', (x) => x >= 0 && x <= 1);
  return {
    contrastive,
    reconstruction: autoencoder * (1 - noise),
    denoising: autoencoder * noise,
  };
}
