import { usageError } from './failure.ts';

const BACKENDS = ['auto', 'cpu', 'wasm', 'node', 'node-gpu'] as const;

/** Flags of `pretrain` that shape the run, parsed; absent where the user said nothing. */
export type Options = {
  readonly data?: string;
  readonly preset?: string;
  readonly method?: string;
  readonly epochs?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly maskRatio?: number;
  readonly temperature?: number;
  readonly sigmaMax?: number;
  readonly weights?: readonly [contrastive: number, reconstruction: number, denoising: number];
  readonly cropMin?: number;
  readonly lr?: number;
  readonly weightDecay?: number;
  readonly backend?: (typeof BACKENDS)[number];
  readonly seed?: number;
  readonly checkpointEvery?: number;
};

/** The words of the command line, as citty hands them over. */
export type Words = Readonly<Record<string, unknown>>;

/** Where a number must lie; `open`: above `min`, not at it. */
export type Range = { readonly min: number; readonly max?: number; readonly open?: boolean };

/**
 * Reads the flags and reports everything that is wrong with them at once.
 *
 * Ranges that belong to the method (mask ratio below 1, known presets) are checked where the
 * method's config is resolved; here it is the form that counts.
 *
 * @param words values by flag name
 * @returns the parsed options
 * @throws Failure (exit code 2) listing every problem
 */
export function parseOptions(words: Words): Options {
  const problems: string[] = [];
  const text = (flag: string): string | undefined => parseText(words, flag, problems);
  const number = (flag: string, range: Range, whole: boolean): number | undefined =>
    parseNumber(words, flag, range, whole, problems);
  const options = {
    data: text('data'),
    preset: text('preset'),
    method: text('method'),
    epochs: number('epochs', { min: 0, open: true }, false),
    steps: number('steps', { min: 1 }, true),
    batch: number('batch', { min: 1 }, true),
    maskRatio: number('mask-ratio', { min: 0 }, false),
    temperature: number('temperature', { min: 0, open: true }, false),
    sigmaMax: number('sigma-max', { min: 0 }, false),
    weights: parseWeights(text('weights'), problems),
    cropMin: number('crop-min', { min: 0, max: 1, open: true }, false),
    lr: number('lr', { min: 0 }, false),
    weightDecay: number('weight-decay', { min: 0 }, false),
    backend: parseBackend(text('backend'), problems),
    seed: number('seed', { min: 0 }, true),
    checkpointEvery: number('checkpoint-every', { min: 0 }, true),
  };
  if (options.epochs !== undefined && options.steps !== undefined) {
    problems.push('--epochs and --steps exclude each other; give one');
  }
  if (problems.length > 0) throw usageError(problems.join('\n'));
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function parseText(words: Words, flag: string, problems: string[]): string | undefined {
  const value = words[flag];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  problems.push(`--${flag} needs a value`);
  return undefined;
}

/**
 * Reads a number of the command line.
 *
 * @param words values by flag name
 * @param flag the name
 * @param range where it must lie
 * @param whole whether it must be a whole number
 * @param problems what is wrong with it is added here
 * @returns the number; undefined if it is absent or wrong
 */
export function parseNumber(
  words: Words,
  flag: string,
  range: Range,
  whole: boolean,
  problems: string[],
): number | undefined {
  const word = parseText(words, flag, problems);
  if (word === undefined) return undefined;
  const value = Number(word);
  const { min, max = Number.MAX_VALUE, open = false } = range;
  const fits = open ? value > min : value >= min;
  if (fits && value <= max && (!whole || Number.isSafeInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  const most = max < Number.MAX_VALUE ? ` and at most ${max}` : '';
  problems.push(
    `--${flag} must be ${kind} ${open ? 'above' : 'of at least'} ${min}${most}, got ${word}`,
  );
  return undefined;
}

function parseWeights(word: string | undefined, problems: string[]): Options['weights'] {
  if (word === undefined) return undefined;
  const [contrastive, reconstruction, denoising, ...more] = word
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (
    isWeight(contrastive) &&
    isWeight(reconstruction) &&
    isWeight(denoising) &&
    more.length === 0
  ) {
    return [contrastive, reconstruction, denoising];
  }
  problems.push(
    `--weights must be three numbers of at least 0, contrastive,reconstruction,denoising (0.03,0.67,0.3), got ${word}`,
  );
  return undefined;
}

const isWeight = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value >= 0;

/**
 * Reads the name of a backend.
 *
 * @param word what was given
 * @param problems what is wrong with it is added here
 * @returns the name; undefined if it is absent or unknown
 */
export function parseBackend(word: string | undefined, problems: string[]): Options['backend'] {
  const known = BACKENDS.find((name) => name === word);
  if (word !== undefined && known === undefined) {
    problems.push(`--backend must be one of ${BACKENDS.join(', ')}, got ${word}`);
  }
  return known;
}
