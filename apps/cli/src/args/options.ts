import type { HeadName, LevelPlacement } from '@twocan/can';
import { usageError } from '../terminal/failure.ts';
import { checkSetting, notation } from './check-setting.ts';
import { type BACKENDS, camel, type PIXELS, SETTINGS, type Setting } from './settings.ts';

/** Settings of a run, parsed; absent where the user said nothing. */
export type Options = {
  readonly data?: string;
  readonly evalData?: string;
  readonly preset?: string;
  readonly imageSize?: number;
  readonly patch?: number;
  readonly method?: string;
  readonly epochs?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly maskRatio?: number;
  readonly temperature?: number;
  readonly sigmaMax?: number;
  readonly noiseEmbed?: LevelPlacement;
  readonly noiseScale?: number;
  readonly pixels?: (typeof PIXELS)[number];
  readonly head?: HeadName;
  readonly weights?: readonly [contrastive: number, reconstruction: number, denoising: number];
  readonly cropMin?: number;
  readonly lr?: number;
  readonly weightDecay?: number;
  /** Megabytes. */
  readonly cache?: number;
  readonly backend?: (typeof BACKENDS)[number];
  readonly threads?: number;
  readonly seed?: number;
  readonly checkpointEvery?: number;
};

/** The words of the command line by the name of their option; see parse-words.ts. */
export type Words = Readonly<Record<string, unknown>>;

/**
 * Reads the flags and reports everything that is wrong with them at once.
 *
 * @param words values by flag name
 * @param settings what is read of them; all settings of a run unless given
 * @returns the parsed options
 * @throws Failure (exit code 2) listing every problem
 */
export function parseOptions(words: Words, settings: readonly Setting[] = SETTINGS): Options {
  const problems: string[] = [];
  const options: Record<string, unknown> = {};
  for (const setting of settings) {
    const word = words[setting.flag];
    if (word === undefined) continue;
    const value = typeof word === 'string' ? parseWord(setting, word) : word;
    const problem = checkSetting(setting, value);
    if (problem !== undefined) {
      const how = setting.kind === 'number' ? notation(String(word)) : '';
      problems.push(`--${setting.flag} ${problem}, got ${String(word)}${how}`);
    }
    options[camel(setting.flag)] = value;
  }
  if (problems.length > 0) throw usageError(problems.join('\n'));
  return onlyOneLength(options as Options, '--epochs and --steps');
}

/** A word of the command line as the value it stands for; NaN is refused by the check. */
function parseWord(setting: Setting, word: string): unknown {
  const number = (part: string): number => (part.trim() === '' ? Number.NaN : Number(part));
  if (setting.kind === 'number') return number(word);
  if (setting.kind === 'weights') return word.split(',').map(number);
  return word;
}

/**
 * Refuses a run whose length is said twice.
 *
 * @param options the options
 * @param names how their source calls the two, for the error
 * @returns the options
 * @throws Failure (exit code 2)
 */
export function onlyOneLength(options: Options, names: string): Options {
  if (options.epochs === undefined || options.steps === undefined) return options;
  throw usageError(`${names} exclude each other; give one`);
}

/**
 * Lays some options over others; `--steps` on top replaces `--epochs` below, and the other way round.
 *
 * @param below what holds where the upper ones say nothing
 * @param above what wins
 * @returns both
 */
export function layOver(below: Options, above: Options): Options {
  const { epochs: _, steps: __, ...rest } = below;
  const saysLength = above.epochs !== undefined || above.steps !== undefined;
  return { ...(saysLength ? rest : below), ...above };
}
