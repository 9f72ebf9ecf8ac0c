import * as v from 'valibot';
import { type About, LARGEST, type Range } from './setting.ts';

/** A type as plain data: what a flag, a help line and an error need to know of it. */
export type Shape =
  | { readonly kind: 'text' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'number'; readonly whole: boolean; readonly range: Range }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly item: Shape; readonly length?: number };

type Bare =
  | v.StringSchema<undefined>
  | v.BooleanSchema<undefined>
  | v.NumberSchema<undefined>
  | v.PicklistSchema<readonly string[], undefined>
  | v.ArraySchema<v.GenericSchema, undefined>
  | v.StrictTupleSchema<readonly [v.GenericSchema], undefined>;
/** A step of a type, such as `min_value`; `requirement` is its bound. */
type Step = { readonly type: string; readonly requirement?: unknown };

/** An entry, or what it wraps where it may be left out. */
const bareOf = (entry: v.GenericSchema): v.GenericSchema =>
  v.isOfType('exact_optional', entry as v.ExactOptionalSchema<v.GenericSchema, undefined>)
    ? (entry as v.ExactOptionalSchema<v.GenericSchema, undefined>).wrapped
    : entry;

/**
 * What a setting's type allows.
 *
 * @param entry the setting
 * @returns plain data
 * @example
 * shapeOf(pretrainSettings.pixels); // { kind: 'choice', choices: ['normalized', 'raw'] }
 */
export function shapeOf(entry: v.GenericSchema): Shape {
  const bare = bareOf(entry) as Bare;
  if (bare.type === 'boolean') return { kind: 'flag' };
  if (bare.type === 'picklist') return { kind: 'choice', choices: bare.options };
  if (bare.type === 'array') return { kind: 'list', item: shapeOf(bare.item) };
  if (bare.type === 'strict_tuple') {
    return { kind: 'list', item: shapeOf(bare.items[0]), length: bare.items.length };
  }
  if (bare.type !== 'number') return { kind: 'text' };
  const steps = stepsOf(bare);
  const bound = (type: string) => steps.find((step) => step.type === type)?.requirement;
  const range = {
    min: bound('min_value'),
    above: bound('gt_value'),
    max: bound('max_value'),
    below: bound('lt_value'),
  };
  return {
    kind: 'number',
    whole: steps.some(({ type }) => type === 'integer'),
    range: range as Range,
  };
}

/** The steps of a type and of those that it is made of. */
const stepsOf = (schema: object): readonly Step[] =>
  'pipe' in schema
    ? (schema.pipe as readonly Step[]).flatMap((step) =>
        (step as object) === schema ? [] : [step, ...stepsOf(step)],
      )
    : [];

/**
 * The description of a setting.
 *
 * @param entry the setting
 * @returns its texts, its default where it has one, and whether it must be given
 * @example
 * aboutOf(pretrainSettings.seed).text; // 'Seed of all random numbers'
 */
export function aboutOf(
  entry: v.GenericSchema,
): About & { readonly default?: unknown; readonly needed?: true } {
  const about: object = v.getMetadata(bareOf(entry));
  return about as About;
}

/** Choices of up to this many letters are shown next to a flag; longer ones are in its text. */
const SHORT = 20;

/**
 * The placeholder for the value of a setting, such as `PX`, `0..1` or `light|large`.
 *
 * @param entry the setting
 * @returns its own hint, or else its choices or range; nothing for a flag without a value
 * @example
 * hintOf(pretrainSettings.maskRatio); // '0..1'
 */
export function hintOf(entry: v.GenericSchema): string {
  const { hint } = aboutOf(entry);
  if (hint !== undefined) return hint;
  const shape = shapeOf(entry);
  if (shape.kind === 'flag') return '';
  if (shape.kind === 'choice') {
    const all = shape.choices.join('|');
    return all.length > SHORT ? 'NAME' : all;
  }
  if (shape.kind !== 'number') return 'TEXT';
  const { min, above = min, max = LARGEST } = shape.range;
  return above === undefined || max >= LARGEST || max === Number.MAX_SAFE_INTEGER
    ? 'N'
    : `${above}..${max}`;
}

/**
 * What a setting sets, with the choices that its hint does not show.
 *
 * @param entry the setting
 * @returns text without its default
 * @example
 * textOf(pretrainSettings.epochs); // 'Passes over the data'
 */
export function textOf(entry: v.GenericSchema): string {
  const shape = shapeOf(entry);
  const { text } = aboutOf(entry);
  const listed = shape.kind === 'choice' && hintOf(entry) !== shape.choices.join('|');
  return listed ? `${text}: ${shape.choices.join(', ')}` : text;
}
