import { methods, type TermName, termNames } from '@twocan/can';
import type { Options } from '../args/options.ts';

/** How much of each term a row keeps: factors on the base's weights; a term that is not named stays as it is. */
type Kept = Readonly<Partial<Record<TermName, number>>>;

/** One row of an ablation: settings of a run, on top of those that all rows share. */
export type Row = {
  readonly group: string;
  readonly name: string;
  readonly keep: Kept;
  readonly options: Options;
};

const ALL: Kept = {};
/** Also of bases whose levels begin above 0. */
const SILENT: Options = { sigmaMax: 0, sigmaMin: 0, noiseLevels: 'uniform' };

/** The paper's letters for the terms. */
const LETTERS: Readonly<Record<string, TermName>> = {
  C: 'contrastive',
  A: 'reconstruction',
  N: 'denoising',
};

/** A row by its letters, such as `C + A`, without the terms that they do not name. */
const only = (letters: string): Kept =>
  Object.fromEntries(
    Object.entries(LETTERS).flatMap(([letter, term]) =>
      letters.includes(letter) ? [] : [[term, 0]],
    ),
  );

/** The rows about noise that claims compare. */
export const NOISE = {
  none: 'no noise',
  augmentation: 'noise as augmentation only',
  levelHidden: 'denoising, level not told',
  levelGiven: 'denoising, level told (CAN)',
} as const;

/** The row with all three losses. */
export const ALL_LOSSES = 'C + A + N (CAN)';

/** The rows of every loss alone, in pairs and all together. */
export const LOSSES: readonly Row[] = (
  [
    ['C', SILENT],
    ['A', SILENT],
    ['N', {}],
    ['C + A', SILENT],
    ['C + N', {}],
    ['A + N', {}],
    [ALL_LOSSES, {}],
  ] as const
).map(([name, options]) => ({ group: 'losses', name, keep: only(name), options }));

const noise: readonly Row[] = (
  [
    [NOISE.none, only('C + A'), SILENT],
    [NOISE.augmentation, only('C + A'), {}],
    [NOISE.levelHidden, ALL, { noiseEmbed: 'none' }],
    [NOISE.levelGiven, ALL, {}],
  ] as const
).map(([name, keep, options]) => ({ group: 'noise', name, keep, options }));

const maskRatio: readonly Row[] = [0, 0.25, 0.5, 0.65, 0.75].map((ratio) => ({
  group: 'mask-ratio',
  name: ratio === 0 ? '0 (nothing to reconstruct)' : String(ratio),
  keep: ratio === 0 ? only('C + N') : ALL,
  options: { maskRatio: ratio },
}));

const sigma: readonly Row[] = [0.01, 0.05, 0.1, 0.2].map((sigmaMax) => ({
  group: 'sigma',
  name: String(sigmaMax),
  keep: ALL,
  options: { sigmaMax },
}));

const contrast: readonly Row[] = [0.01, 0.03, 0.1, 0.3].map((weight) => ({
  group: 'contrast',
  name: String(weight),
  keep: ALL,
  options: { weights: [weight, 0.67, 0.3] },
}));

// A level of at most 0.05 barely moves the sinusoids of its code, and the squares of such noise are
// hundreds of times smaller than those of pixels: denoising may teach nothing because of either.
// A factor of 1000/σ_max spreads the level over its code; here σ_max is the usual 0.05, or 0.5.
const denoising: readonly Row[] = (
  [
    ['as in the paper', 1, {}],
    ['level spread over its code', 1, { noiseScale: 20_000 }],
    ['weight × 10', 10, {}],
    ['weight × 100', 100, {}],
    ['σ_max 0.5', 1, { sigmaMax: 0.5 }],
    ['σ_max 0.5, × 10, level spread', 10, { sigmaMax: 0.5, noiseScale: 2000 }],
    ['raw pixels reconstructed', 1, { pixels: 'raw' }],
    ['large head', 1, { head: 'large' }],
  ] as const
).map(([name, weight, options]) => ({
  group: 'denoising',
  name,
  keep: { denoising: weight },
  options,
}));

/** The row that those about augmentation are compared with. */
export const AS_GIVEN = 'views as given';

/** The rows of one change of the views each; a blur of usual deviations does not reach a pixel at 32 px. */
export const VIEWS_CHANGED: readonly Row[] = (
  [
    [AS_GIVEN, {}],
    ['crops from 0.08', { cropMin: 0.08 }],
    ['crops from 0.5', { cropMin: 0.5 }],
    ['no jitter', { jitterStrength: 0 }],
    ['jitter of strength 1', { jitterStrength: 1 }],
    ['no grey', { grey: 0 }],
    ['half are blurred', { blur: 0.5, blurSigma: 7 }],
    ['a fifth solarized', { solarize: 0.2 }],
  ] as const
).map(([name, options]) => ({ group: 'views', name, keep: ALL, options }));

const PARTS = { losses: LOSSES, noise, 'mask-ratio': maskRatio, sigma, contrast } as const;

/** The grids that `paper` is made of. */
export const PAPER = Object.keys(PARTS);

/** The grids whose rows the claims compare. */
export const CLAIMED = ['losses', 'noise'] as const;

/** The grids by name; `paper` is those of its own questions, `claims` those with claims. */
export const GRIDS = {
  paper: Object.values(PARTS).flat(),
  claims: CLAIMED.flatMap((name) => PARTS[name]),
  ...PARTS,
  denoising,
  views: VIEWS_CHANGED,
} as const;

/** The name of a grid. */
export type GridName = keyof typeof GRIDS;

/** What the groups ask. */
export const QUESTIONS: Readonly<Record<string, string>> = {
  losses: 'Which losses are needed? C is contrast, A reconstruction, N denoising.',
  noise: 'Is noise an augmentation or a task, and does the decoder need its level?',
  'mask-ratio': 'How many patches to hide?',
  sigma: 'How much noise? Largest level, in deviations of a normalised pixel.',
  contrast: 'How much contrast? Its weight, with 0.67 for reconstruction and 0.3 for denoising.',
  views: 'Which changes of the views matter? Each row changes one.',
  denoising: 'Where denoising adds nothing: what makes it a task that teaches?',
};

/**
 * The settings of a row's run.
 *
 * @param base what all rows share
 * @param row what it changes
 * @returns complete options of `twocan pretrain`, but for length and seed
 */
export function optionsOf(base: Options, { keep, options }: Row): Options {
  const given = options.weights ?? base.weights;
  const weights = termNames.map(
    (name, i) => (given?.[i] ?? methods.can.weights[name]) * (keep[name] ?? 1),
  );
  return { ...base, ...options, weights: weights as unknown as NonNullable<Options['weights']> };
}
