import * as v from 'valibot';

/** What describes a setting, other than its type and range. */
export type About = {
  /** What it sets. Choices and the default are added where it is shown, never written here. */
  readonly text: string;
  /** What the value is, with its unit, such as `PX`, `MB` or `DIR`; else its range or its choices. */
  readonly hint?: string;
  /** Its heading in the help. */
  readonly group?: string;
  /** A default that depends on something else, as text made of the constants that decide it. */
  readonly usual?: string;
  /** A word of the command line without a flag. */
  readonly positional?: true;
};

/** Some settings by name: the entries of an object of valibot's. */
export type Schema = Readonly<Record<string, v.GenericSchema>>;

/** What was given: settings that were left out are absent. */
export type Given<S extends Schema> = v.InferInput<v.StrictObjectSchema<S, undefined>>;

/** The same with defaults filled in. */
export type Values<S extends Schema> = v.InferOutput<v.StrictObjectSchema<S, undefined>>;

/**
 * One setting: type, range, default, unit and text in one place.
 *
 * @param type what values it takes, see {@link number}, {@link whole}, {@link text}, {@link choice}
 * @param about its text; with `default` it always has a value, with `needed` it must be given
 * @returns an entry of {@link Schema}
 * @example
 * setting(whole({ min: 0 }), { text: 'Seed of all random numbers', default: 0 });
 */
export function setting<T>(
  type: v.GenericSchema<T>,
  about: About & { readonly default: NoInfer<T> },
): v.ExactOptionalSchema<v.GenericSchema<T>, T>;
export function setting<T>(
  type: v.GenericSchema<T>,
  about: About & { readonly needed: true },
): v.GenericSchema<T>;
export function setting<T>(
  type: v.GenericSchema<T>,
  about: About,
): v.ExactOptionalSchema<v.GenericSchema<T>, undefined>;
export function setting<T>(
  type: v.GenericSchema<T>,
  about: About & { readonly default?: T; readonly needed?: true },
): v.GenericSchema<T> {
  const description =
    about.usual === undefined ? about.text : `${about.text}; default ${about.usual}`;
  const described = v.pipe(type, v.description(description), v.metadata(about));
  if (about.needed) return described;
  return v.exactOptional(described, about.default as never);
}

/** Larger numbers leave the range of 32 bits as soon as something is multiplied: no computation takes them. */
export const LARGEST = 1e30;

/** Where a number must lie: from `min`, or above `above`, to `max`, or below `below`. */
export type Range = {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
};

/**
 * A number.
 *
 * @param range where it must lie; without `max` up to 1e30
 * @returns its type
 * @example
 * number({ above: 0, max: 1 });
 */
export function number({ min, above, max = LARGEST, below }: Range): v.GenericSchema<number> {
  const low =
    above === undefined
      ? v.minValue<number, number>(min ?? -LARGEST)
      : v.gtValue<number, number>(above);
  const high =
    below === undefined ? v.maxValue<number, number>(max) : v.ltValue<number, number>(below);
  return v.pipe(v.number(), low, high);
}

/**
 * A whole number.
 *
 * @param range the smallest, and the largest where it is less than 2^53 - 1
 * @returns its type
 * @example
 * whole({ min: 1 });
 */
export const whole = ({
  min,
  max = Number.MAX_SAFE_INTEGER,
}: {
  readonly min: number;
  readonly max?: number;
}): v.GenericSchema<number> => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** Text of one letter or more, such as a path. */
export const text: v.GenericSchema<string> = v.pipe(v.string(), v.minLength(1));

/** On or off; a flag without a value. */
export const flag: v.GenericSchema<boolean> = v.boolean();

/**
 * One of some words.
 *
 * @param choices the words
 * @returns its type
 * @example
 * choice(['light', 'large']);
 */
export const choice = <const C extends string>(choices: readonly C[]): v.GenericSchema<C> =>
  v.picklist(choices);

/**
 * Any number of values, separated by commas on the command line.
 *
 * @param item what each of them is
 * @returns its type
 * @example
 * list(whole({ min: 1 }));
 */
export const list = <T>(item: v.GenericSchema<T>): v.GenericSchema<readonly T[]> =>
  v.pipe(v.array(item), v.minLength(1));

/**
 * Three values of one kind, separated by commas on the command line.
 *
 * @param item what each of them is
 * @returns its type
 * @example
 * three(number({ min: 0 }));
 */
export const three = <T>(item: v.GenericSchema<T>): v.GenericSchema<readonly [T, T, T]> =>
  v.strictTuple([item, item, item]);

/**
 * Settings with defaults where nothing was given.
 *
 * @param settings what there is
 * @param given what was given, checked before
 * @returns the values
 * @example
 * withDefaults(pretrainSettings, { preset: 'tiny32' }).seed; // 0
 */
export const withDefaults = <S extends Schema>(settings: S, given: Given<S>): Values<S> =>
  v.parse(v.strictObject(settings), given);
