import { fail } from './fail.ts';

/** What a file of settings holds. */
export type Settings = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads a file of settings.
 *
 * @param name the file's
 * @param bytes its content; nothing where there is no such file
 * @returns the settings; empty where there is no file
 * @throws RangeError for what is no object in JSON
 */
export function parseSettings(name: string, bytes: Uint8Array | undefined): Settings {
  if (bytes === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return fail(`${name} must be JSON in UTF-8; copy it again`);
  }
  return isRecord(value) ? value : fail(`${name} must hold an object of settings`);
}

/** A part of settings; empty where there is none. */
export function partOf(settings: Settings, name: string): Settings {
  const value = settings[name];
  if (value === undefined || value === null) return {};
  return isRecord(value) ? value : fail(`${name} must hold settings, got ${brief(value)}`);
}

/**
 * The first whole number that settings hold under some names.
 *
 * @param settings as they were read
 * @param names the name in each program
 * @returns the number; nothing where no name is there
 * @throws RangeError for what is no whole number of 1 or more
 */
export function wholeOf(settings: Settings, ...names: readonly string[]): number | undefined {
  const name = names.find((one) => isGiven(settings[one]));
  if (name === undefined) return undefined;
  const value = settings[name];
  if (isSize(value)) return value;
  return fail(`${name} must be a whole number from 1 to ${LARGEST}, got ${brief(value)}`);
}

/** A positive number, as {@link wholeOf}. */
export function positiveOf(settings: Settings, name: string): number | undefined {
  const value = settings[name];
  if (!isGiven(value)) return undefined;
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  return fail(`${name} must be a number above 0, got ${brief(value)}`);
}

/** Height and width, given as `[height, width]` or as one number for both. */
export function sidesOf(
  settings: Settings,
  ...names: readonly string[]
): { readonly height: number; readonly width: number } | undefined {
  const name = names.find((one) => isGiven(settings[one]));
  if (name === undefined) return undefined;
  const value = settings[name];
  const [height, width] = Array.isArray(value) && value.length === 2 ? value : [value, value];
  if (isSize(height) && isSize(width)) return { height, width };
  return fail(`${name} must be a size in pixels, or a height and a width, got ${brief(value)}`);
}

/** Numbers of the channels, one number for all or a list. */
export function channelsOf(settings: Settings, name: string, count: number): number[] | undefined {
  const value = settings[name];
  if (!isGiven(value)) return undefined;
  const list = Array.isArray(value) ? value : Array.from({ length: count }, () => value);
  const fits = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x);
  if (list.length === count && list.every(fits)) return list;
  return fail(`${name} must hold a number for each of ${count} channels, got ${brief(value)}`);
}

const LARGEST = 2 ** 20;

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LARGEST;

/** A value of JSON, cut where it is long. */
export const brief = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);
