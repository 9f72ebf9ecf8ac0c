import { type HeadName, type LevelPlacement, methods } from '@twocan/can';
import { presetNames } from '@twocan/vit';

/** Where a number must lie; `open`: above `min`, not at it. */
export type Range = { readonly min: number; readonly max?: number; readonly open?: boolean };

/** What values a setting takes. */
export type Kind =
  | { readonly kind: 'text' }
  | { readonly kind: 'number'; readonly range: Range; readonly whole: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'weights' };

/** One setting of a run: a flag, a key of a config file, a line of the help. */
export type Setting = Kind & {
  /** `mask-ratio` on the command line is `maskRatio` in a file. */
  readonly flag: string;
  readonly group: string;
  readonly hint: string;
  readonly description: string;
};

/** The names that `--backend` takes. */
export const BACKENDS = ['auto', 'cpu', 'wasm', 'simd', 'node', 'node-gpu', 'webgpu'] as const;

/** Where the decoder can be told the noise level. */
const PLACEMENTS: readonly LevelPlacement[] = ['all', 'visible', 'none'];

/** What pixels are reconstructed as. */
export const PIXELS = ['normalized', 'raw'] as const;

const HEADS: readonly HeadName[] = ['light', 'large'];

const number = (range: Range): Kind => ({ kind: 'number', range, whole: false });
const whole = (min: number): Kind => ({ kind: 'number', range: { min }, whole: true });
const text: Kind = { kind: 'text' };

const DATA = 'Data';
const METHOD = 'Model and method';
const TRAINING = 'Training';
/** The group of options that say what computes, not what. */
export const MACHINE = 'Machine';

/**
 * Every setting of `twocan pretrain`: flags, help, config files and their schema are all made of it.
 *
 * Ranges that depend on other settings (patches that divide the image) are checked where the
 * method's config is resolved.
 */
export const SETTINGS: readonly Setting[] = [
  {
    ...{ flag: 'data', group: DATA, ...text, hint: 'DIR|shapes[:N]' },
    description: 'Folder of images (any nesting), or built-in drawings; without it, a quick start',
  },
  {
    ...{ flag: 'eval-data', group: DATA, ...text, hint: 'DIR' },
    description: 'One folder a class, for k-NN at every checkpoint; default those of --data',
  },
  {
    ...{ flag: 'crop-min', group: DATA, ...number({ min: 0, max: 1, open: true }), hint: '0..1' },
    description: "Smallest crop, a share of the image's area; default 0.2",
  },
  {
    ...{ flag: 'preset', group: METHOD, kind: 'choice', choices: presetNames, hint: 'NAME' },
    description: `${presetNames.join(', ')}; default micro32`,
  },
  {
    ...{ flag: 'image-size', group: METHOD, ...whole(1), hint: 'PX' },
    description: "Side of the square images the encoder sees, in pixels; default the preset's",
  },
  {
    ...{ flag: 'patch', group: METHOD, ...whole(1), hint: 'PX' },
    description: "Side of a patch in pixels, a divisor of the image size; default the preset's",
  },
  {
    ...{ flag: 'method', group: METHOD, kind: 'choice', choices: Object.keys(methods) },
    hint: 'NAME',
    description: `${Object.keys(methods).join(', ')}; default can`,
  },
  {
    ...{ flag: 'mask-ratio', group: METHOD, ...number({ min: 0, max: 1 }), hint: '0..1' },
    description: 'Share of patches hidden; default 0.5, mae 0.75',
  },
  {
    ...{ flag: 'sigma-max', group: METHOD, ...number({ min: 0 }), hint: 'S' },
    description: 'Largest noise level, in deviations of a normalised pixel; default 0.05',
  },
  {
    ...{ flag: 'noise-embed', group: METHOD, kind: 'choice', choices: PLACEMENTS },
    hint: PLACEMENTS.join('|'),
    description: 'Which patch tokens of the decoder receive the noise level; default all',
  },
  {
    ...{ flag: 'noise-scale', group: METHOD, ...number({ min: 0, open: true }), hint: 'F' },
    description: 'Factor on the noise level before its code; default 1, 1000/S spreads the phases',
  },
  {
    ...{ flag: 'pixels', group: METHOD, kind: 'choice', choices: PIXELS, hint: PIXELS.join('|') },
    description: 'Reconstruct patches of mean 0 and variance 1, or as they are; default normalized',
  },
  {
    ...{ flag: 'head', group: METHOD, kind: 'choice', choices: HEADS, hint: HEADS.join('|') },
    description: "Projection head of the contrastive loss; default the preset's",
  },
  {
    ...{ flag: 'temperature', group: METHOD, ...number({ min: 0, open: true }), hint: 'T' },
    description: 'Temperature of the contrastive loss; default 0.1',
  },
  {
    ...{ flag: 'weights', group: METHOD, kind: 'weights', hint: 'C,R,D' },
    description:
      "Weights of contrast, reconstruction and denoising; default the method's, 0.03,0.67,0.3 of can",
  },
  {
    ...{ flag: 'epochs', group: TRAINING, ...number({ min: 0, open: true }), hint: 'N' },
    description: 'Passes over the data; default 100',
  },
  {
    ...{ flag: 'steps', group: TRAINING, ...whole(1), hint: 'N' },
    description: 'Optimizer steps, instead of --epochs',
  },
  {
    ...{ flag: 'batch', group: TRAINING, ...whole(1), hint: 'N' },
    description: 'Images a step; default 64, or all if they are fewer',
  },
  {
    ...{ flag: 'lr', group: TRAINING, ...number({ min: 0 }), hint: 'RATE' },
    description: 'Peak learning rate; default 6e-3 (small presets) or 2.5e-4, times batch/256',
  },
  {
    ...{ flag: 'weight-decay', group: TRAINING, ...number({ min: 0 }), hint: 'W' },
    description: 'Decoupled, on kernels only; default 0.05',
  },
  {
    ...{ flag: 'seed', group: TRAINING, ...whole(0), hint: 'N' },
    description: 'Seed of all random numbers; default 0',
  },
  {
    ...{ flag: 'checkpoint-every', group: TRAINING, ...whole(0), hint: 'STEPS' },
    description:
      'Save, draw samples and evaluate after so many steps; 0 for the end only; default a fifth of the run',
  },
  {
    ...{ flag: 'cache', group: MACHINE, ...number({ min: 0 }), hint: 'MB' },
    description:
      'Memory for decoded images; those of larger folders are read when needed; default 512',
  },
  {
    ...{ flag: 'backend', group: MACHINE, kind: 'choice', choices: BACKENDS },
    hint: 'NAME',
    description: `What computes: ${BACKENDS.join(', ')}; default auto, the first that loads`,
  },
  {
    ...{ flag: 'threads', group: MACHINE, ...whole(1), hint: 'N' },
    description: 'Threads of the simd backend; default one for each processor',
  },
];

/**
 * The name of a flag in config files and in code.
 *
 * @param flag such as `mask-ratio`
 * @returns such as `maskRatio`
 */
export const camel = (flag: string): string =>
  flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
