import { expectOptions } from '@twocan/core';
import * as v from 'valibot';
import { didYouMean } from './nearest-name.ts';
import { type Given, LARGEST, type Schema, type Values, withDefaults } from './setting.ts';
import { hintOf, type Shape, shapeOf, textOf } from './shape.ts';

/** How the source of some values writes names and values in errors. */
export type Source = {
  /** A name as it is written there, such as `--steps`. */
  readonly called: (name: string) => string;
  /** A value as it is written there. */
  readonly written: (value: unknown, name: string) => string;
};

/**
 * Everything that is wrong with some values.
 *
 * @param settings what there is
 * @param values what was given, by name
 * @param source how their source writes them
 * @returns a line for each problem in the order of the settings, unknown names last; empty if all is right
 * @example
 * const source = { called: (name: string) => name, written: JSON.stringify };
 * problemsOf(pretrainSettings, { bacth: 8 }, source); // ['unknown setting bacth; did you mean batch?']
 */
export function problemsOf(
  settings: Schema,
  values: Readonly<Record<string, unknown>>,
  { called, written }: Source,
): string[] {
  const { issues = [] } = v.safeParse(v.strictObject(settings), values);
  const wrong = new Map<string, v.BaseIssue<unknown>>();
  for (const issue of issues) {
    const name = String(issue.path?.[0]?.key);
    if (!wrong.has(name)) wrong.set(name, issue);
  }
  return [...wrong].map(([name, issue]) => {
    const entry = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (entry === undefined) {
      return `unknown setting ${name}${didYouMean(name, Object.keys(settings), '')}`;
    }
    if (!Object.hasOwn(values, name)) {
      const text = textOf(entry);
      return `${called(name)} is needed: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
    }
    const shape = shapeOf(entry);
    // One value of a list that may be of any length is at fault alone.
    const inner = shape.kind === 'list' && shape.length === undefined ? issue.path?.[1] : undefined;
    const value = inner === undefined ? values[name] : inner.value;
    const of = inner === undefined || shape.kind !== 'list' ? shape : shape.item;
    const hint = of.kind === 'list' ? ` (${hintOf(entry)})` : '';
    return `${called(name)} ${ruleOf(of, value)}${hint}, got ${written(value, name)}${near(of, value)}`;
  });
}

/**
 * Checks settings that were given in code.
 *
 * @param caller the function that names itself in errors
 * @param settings what there is
 * @param given values by name
 * @returns the values with their defaults
 * @throws TypeError for no object; RangeError that lists every setting that is unknown or out of range
 * @example
 * const { seed } = checkedValues('draw', { seed: setting(whole({ min: 0 }), { text: '…', default: 0 }) }, {});
 */
export function checkedValues<S extends Schema>(
  caller: string,
  settings: S,
  given: Given<S>,
): Values<S> {
  expectOptions(caller, 'settings', given, []);
  // Nothing is as good as a name that is left out.
  const some = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const problems = problemsOf(settings, some, {
    called: (name) => name,
    written,
  });
  if (problems.length > 0) throw new RangeError(`${caller}: ${problems.join('\n')}`);
  return withDefaults(settings, some as Given<S>);
}

/** A value in an error. JSON writes NaN as null, and refuses bigints and circles. */
function written(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) {
    return `[${value.map((one) => (Array.isArray(one) ? '[…]' : written(one))).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.keys(value).join(', ')}}`;
}

/** The choice that was probably meant. */
const near = (shape: Shape, value: unknown): string =>
  shape.kind === 'choice' && typeof value === 'string' ? didYouMean(value, shape.choices, '') : '';

/** What a value must be, as the rest of a sentence that starts with the setting's name. */
function ruleOf(shape: Shape, value: unknown): string {
  if (shape.kind === 'text') return value === '' ? 'needs a value' : 'must be text';
  if (shape.kind === 'flag') return 'must be true or false';
  if (shape.kind === 'choice') {
    return `must be one of ${shape.choices.join(', ')}`;
  }
  if (shape.kind === 'list') {
    const what = shape.item.kind === 'number' ? rangeOf(shape.item, value, 'numbers') : 'values';
    return `must be ${COUNTS[shape.length ?? 0] ?? shape.length} ${what}`;
  }
  return `must be ${rangeOf(shape, value, 'number')}`;
}

const COUNTS: Readonly<Record<number, string>> = { 0: 'one or more', 3: 'three' };

function rangeOf(
  { whole, range }: Extract<Shape, { kind: 'number' }>,
  value: unknown,
  noun: 'number' | 'numbers',
): string {
  const { min, above, max = LARGEST, below } = range;
  const largest = whole ? Number.MAX_SAFE_INTEGER : LARGEST;
  const tooLarge = [value].flat().some((one) => typeof one === 'number' && one > max);
  const upTo = max < largest || tooLarge ? ` and at most ${max}` : '';
  const most = below === undefined ? upTo : ` and below ${below}`;
  const low = above === undefined ? `of at least ${min}` : `above ${above}`;
  const article = noun === 'number' ? 'a ' : '';
  return `${article}${whole ? 'whole ' : ''}${noun} ${low}${most}`;
}
