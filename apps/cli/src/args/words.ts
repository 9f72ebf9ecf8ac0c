import { usageError } from '../terminal/failure.ts';
import { hint } from '../terminal/nearest-name.ts';
import { checkNumber, notation } from './check-setting.ts';
import type { Flags } from './help.ts';
import { MACHINE_FLAGS } from './machine.ts';
import type { Words } from './options.ts';
import type { Range } from './settings.ts';

/** Options that every command with a model has. */
export const MODEL_FLAGS: Flags = {
  model: {
    type: 'string',
    valueHint: 'RUN|FILE',
    description: 'A run folder (its newest checkpoint), or a checkpoint file',
  },
  ...MACHINE_FLAGS,
};

/**
 * The value of an option that must be there.
 *
 * @param words the words of the command line
 * @param flag its name
 * @param what what it should be, for the error
 * @returns the value
 * @throws Failure (exit code 2)
 */
export function required(words: Words, flag: string, what: string): string {
  const value = words[flag];
  if (typeof value === 'string' && value !== '') return value;
  throw usageError(`--${flag} is needed: ${what}`);
}

/**
 * A number, or what stands in for it.
 *
 * @throws Failure (exit code 2) for what is no number in range
 */
export function numberOr<T>(
  words: Words,
  flag: string,
  fallback: T,
  range: Range & { readonly whole?: boolean },
): number | T {
  const word = words[flag];
  if (word === undefined) return fallback;
  const value = word === '' ? Number.NaN : Number(word);
  const problem = checkNumber(range, range.whole ?? false, value);
  if (problem !== undefined) {
    throw usageError(`--${flag} ${problem}, got ${String(word)}${notation(String(word))}`);
  }
  return value;
}

/**
 * Several numbers, separated by commas.
 *
 * @returns undefined where nothing was said
 * @throws Failure (exit code 2) for what is no number in range
 */
export function numbersOf(
  words: Words,
  flag: string,
  range: Range & { readonly whole?: boolean },
): readonly number[] | undefined {
  const word = words[flag];
  if (word === undefined) return undefined;
  return String(word)
    .split(',')
    .map((part) => numberOr({ [flag]: part }, flag, Number.NaN, range));
}

/**
 * One of several words.
 *
 * @throws Failure (exit code 2) for another word, with the nearest known one
 */
export function choiceOr<C extends string, T>(
  words: Words,
  flag: string,
  choices: readonly C[],
  fallback: T,
): C | T {
  const word = words[flag];
  if (word === undefined) return fallback;
  const known = choices.find((choice) => choice === word);
  if (known !== undefined) return known;
  const near = hint(String(word), choices, '');
  throw usageError(`--${flag} must be one of ${choices.join(', ')}${near}, got ${String(word)}`);
}
