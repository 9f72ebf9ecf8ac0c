import {
  aboutOf,
  type Given,
  problemsOf,
  type Schema,
  type Shape,
  shapeOf,
} from '@twocan/pretrain/settings';
import { usageError } from '../terminal/failure.ts';
import { flagOf, writtenFlag } from './flag-name.ts';
import type { Parsed } from './parse-words.ts';

/**
 * Converts the words of a command line to values.
 *
 * @param parsed words by flag, and what is wrong with them already
 * @param settings what they set
 * @returns values by name, without defaults
 * @throws Failure (exit code 2) listing everything that is wrong with them
 */
export function givenOf<S extends Schema>({ words, problems }: Parsed, settings: S): Given<S> {
  const values = Object.entries(settings).flatMap(([name, entry]) => {
    const word = words[flagOf(name)];
    if (word === undefined) return [];
    return [[name, typeof word === 'string' ? meaningOf(shapeOf(entry), word) : word] as const];
  });
  const given = Object.fromEntries(values);
  const written = (value: unknown, name: string): string => {
    const entry = settings[name];
    // Of a list it is one part.
    const word = String(value === given[name] ? words[flagOf(name)] : value);
    return entry && shapeOf(entry).kind === 'number' ? `${word}${notation(word)}` : word;
  };
  const called = (name: string): string => {
    const entry = settings[name];
    return entry && aboutOf(entry).positional ? `the ${name}` : writtenFlag(name);
  };
  // What seems to be missing may be what was misspelt.
  const looked = problems.length === 0 ? settings : onlyThose(settings, given);
  const all = [...problems, ...problemsOf(looked, given, { called, written })];
  if (all.length > 0) throw usageError(all.join('\n'));
  return given as Given<S>;
}

const onlyThose = (settings: Schema, given: object): Schema =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => Object.hasOwn(given, name)));

/** What is no number stays a word, which the check refuses. */
function meaningOf(shape: Shape, word: string): unknown {
  if (shape.kind === 'list') return word.split(',').map((part) => meaningOf(shape.item, part));
  if (shape.kind !== 'number' || word.trim() === '' || Number.isNaN(Number(word))) return word;
  return Number(word);
}

/**
 * How numbers are written, where one is written otherwise: with a comma, spaces, a unit or marks in it.
 *
 * @param word what was given
 * @returns something to append to an error, or nothing
 */
function notation(word: string): string {
  if (/^[-\d.,_' ]+$/.test(word) && /[,_' ]/.test(word)) return '; write it like 1000 or 0.001';
  const [, number, unit] = /^(\d[\d.]*) *(%|[a-z]+)$/i.exec(word) ?? [];
  if (unit === '%') return `; write ${Number(number) / 100}`;
  if (unit !== undefined) return `; write a number without ${unit}`;
  return '';
}
