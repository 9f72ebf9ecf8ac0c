import { hint } from '../terminal/nearest-name.ts';
import type { Range, Setting } from './settings.ts';

/** Larger numbers leave the range of 32 bits as soon as something is multiplied: no computation takes them. */
const LARGEST = 1e30;

/** Says what is wrong with a value, or nothing. */
type Verdict = string | undefined;

/**
 * Checks one value of a setting.
 *
 * @param setting what it is a value of
 * @param value a number, a string or three weights
 * @returns what is wrong, as the rest of a sentence that starts with the setting's name
 */
export function checkSetting(setting: Setting, value: unknown): Verdict {
  if (setting.kind === 'text') return checkText(value);
  if (setting.kind === 'number') return checkNumber(setting.range, setting.whole, value);
  if (setting.kind === 'weights') return checkWeights(value);
  return checkChoice(setting.choices, value);
}

function checkText(value: unknown): Verdict {
  return typeof value === 'string' && value !== '' ? undefined : 'needs a value';
}

/**
 * Checks a number against its range.
 *
 * @param range where it must lie; without `max`, at most 1e30, or 2^53 - 1 where it is whole
 * @param whole whether it must be a whole number
 * @param value what was given
 * @returns what is wrong, or nothing
 */
export function checkNumber(range: Range, whole: boolean, value: unknown): Verdict {
  const largest = whole ? Number.MAX_SAFE_INTEGER : LARGEST;
  const { min, max = largest, open = false } = range;
  if (
    typeof value === 'number' &&
    (open ? value > min : value >= min) &&
    value <= max &&
    (!whole || Number.isSafeInteger(value))
  ) {
    return undefined;
  }
  const tooLarge = typeof value === 'number' && value > max;
  const most = max < largest || tooLarge ? ` and at most ${max}` : '';
  return `must be ${whole ? 'a whole number' : 'a number'} ${open ? 'above' : 'of at least'} ${min}${most}`;
}

/**
 * How numbers are written, where one is written otherwise: with a comma, spaces, a unit or marks in it.
 *
 * @param word what was given
 * @returns something to append to an error, or nothing
 */
export function notation(word: string): string {
  if (/^[-\d.,_' ]+$/.test(word) && /[,_' ]/.test(word)) return '; write it like 1000 or 0.001';
  const [, number, unit] = /^(\d[\d.]*) *(%|[a-z]+)$/i.exec(word) ?? [];
  if (unit === '%') return `; write ${Number(number) / 100}`;
  if (unit !== undefined) return `; write a number without ${unit}`;
  return '';
}

function checkWeights(value: unknown): Verdict {
  const isWeight = (one: unknown): boolean => typeof one === 'number' && one >= 0 && one <= LARGEST;
  if (Array.isArray(value) && value.length === 3 && value.every(isWeight)) return undefined;
  return 'must be three numbers from 0 to 1e30, contrastive,reconstruction,denoising (0.03,0.67,0.3)';
}

function checkChoice(choices: readonly string[], value: unknown): Verdict {
  if (typeof value === 'string' && choices.includes(value)) return undefined;
  const near = typeof value === 'string' ? hint(value, choices, '') : '';
  return `must be one of ${choices.join(', ')}${near}`;
}
