import { parseArgs } from 'node:util';
import { aboutOf, didYouMean, type Schema, shapeOf } from '@twocan/pretrain/settings';
import { flagOf } from './flag-name.ts';
import { isShardName } from './shard-name.ts';

/** The words of a command line by the name of their flag; `true` for a flag without a value. */
export type Words = Readonly<Record<string, string | true>>;

/** The words that have their place, and a line for each that has none. */
export type Parsed = { readonly words: Words; readonly problems: readonly string[] };

/** How a flag takes its words. */
type Flag = 'value' | 'switch' | 'positional';
type Flags = Readonly<Record<string, Flag>>;

/**
 * The words of a command line by the names of the options that they belong to.
 *
 * Everything that is wrong is listed at once: a word that is passed over would silently do something
 * else than what was meant.
 *
 * @param args the words after the command's name
 * @param settings the command's settings; positional ones take the words without a flag
 * @returns text by name for options with a value, `true` for those without; and a problem for each option
 *   that is unknown, value that is missing or too many, and word that belongs nowhere
 */
export function parseWords(args: readonly string[], settings: Schema): Parsed {
  const flags = flagsOf(settings);
  const options = Object.entries(flags).filter(([, type]) => type !== 'positional');
  const places = Object.keys(flags).filter((name) => flags[name] === 'positional');
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      options.map(([name, type]) => [name, { type: type === 'switch' ? 'boolean' : 'string' }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words: Record<string, string | true> = {};
  const problems = new Set<string>();
  let blamed = 0; // words before this one belong to a problem that is listed already
  for (const token of tokens) {
    const word = args[token.index] ?? '';
    if (token.kind === 'positional') {
      const place = places.shift();
      if (place !== undefined) words[place] = token.value;
      else if (token.index >= blamed) {
        problems.add(strayWord(args, token.index, flags));
        blamed = nextOption(args, token.index + 1);
      }
    } else if (token.kind === 'option') {
      const { name, value, inlineValue = false } = token;
      const flag = word.startsWith('--') ? own(flags, name) : undefined;
      const problem =
        flag === undefined
          ? unknownOption(word, args[token.index + 1], flags)
          : valueProblem(name, flag, value, inlineValue);
      if (problem === undefined && Object.hasOwn(words, name)) {
        problems.add(`--${name} is given twice; give it once`);
      } else if (problem === undefined) words[name] = value ?? true;
      else {
        problems.add(problem);
        blamed = nextOption(args, token.index + (flag === undefined || inlineValue ? 1 : 2));
      }
    }
  }
  return { words, problems: [...problems] };
}

const isOption = (word: string): boolean => /^-{1,2}[A-Za-z]/.test(word);

/** The index of the first option from here on. */
function nextOption(args: readonly string[], from: number): number {
  const ahead = args.slice(from).findIndex(isOption);
  return ahead < 0 ? args.length : from + ahead;
}

function valueProblem(
  name: string,
  flag: Flag,
  value: string | undefined,
  inlineValue: boolean,
): string | undefined {
  if (flag === 'switch') {
    if (value === undefined) return undefined;
    return `--${name} takes no value, got ${value}; leave the option out to switch it off`;
  }
  if (value === undefined || value === '') return `--${name} needs a value`;
  if (inlineValue || !isOption(value)) return undefined;
  return value.startsWith('--')
    ? `--${name} needs a value, got the option ${value}`
    : `--${name} needs a value, got ${value}; write --${name}=${value} if that is the value`;
}

/** `-batch`, `--Batch`, `--batch8`, `--mask_ratio` and `--maskRatio`, as well as names that are misspelt. */
function unknownOption(word: string, next: string | undefined, flags: Flags): string {
  const [typed = '', value] = word.replace(/^-+/, '').split(/=(.*)/s);
  const names = Object.keys(flags).filter((name) => flags[name] !== 'positional');
  const plain = kebab(typed);
  const [, stem = plain, digits] = /^([a-z-]+?)-?(\d[\d.e-]*)$/.exec(plain) ?? [];
  const name = names.find((known) => known === plain || known === stem);
  if (name === undefined) {
    const off = names.find((known) => plain === `no-${known}` && flags[known] === 'switch');
    if (off !== undefined) return `unknown option ${word}; leave --${off} out to switch it off`;
    return `unknown option ${word}${didYouMean(plain, names)}`;
  }
  const given = value ?? (name === plain ? next : digits);
  const takesValue = flags[name] !== 'switch' && given !== undefined && !isOption(given);
  return `unknown option ${word}; did you mean --${name}${takesValue ? ` ${given}` : ''}?`;
}

/** `maskRatio` and `Mask_Ratio` as `mask-ratio`. */
const kebab = (typed: string): string =>
  typed
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

/** The error for a word that belongs to no option, with a suggestion. */
function strayWord(args: readonly string[], index: number, flags: Flags): string {
  const [word = '', next] = args.slice(index);
  const [option = '', value] = args.slice(Math.max(0, index - 2), index);
  const problem = `unexpected word ${word}`;
  // Text programs make one long dash of two hyphens.
  const name = kebab(word.replace(/^[\u2010-\u2015\u2212]+/, ''));
  const flag = own(flags, name);
  if (flag !== undefined) {
    const follows = flag !== 'switch' && next !== undefined && !isOption(next);
    return `${problem}; did you mean --${name}${follows ? ` ${next}` : ''}?`;
  }
  if (option.startsWith('--') && own(flags, option.slice(2)) === 'value') {
    if ([value, word].every((one) => one !== undefined && isShardName(one))) {
      return `${problem} after ${option} ${value}; your shell wrote out a pattern: put it in quotes, as in ${option} 'shards/{000..099}.tar'`;
    }
    const whole = [value, ...args.slice(index, nextOption(args, index))].join(' ');
    return `${problem} after ${option} ${value}; put a value with spaces in quotes: ${option} "${whole}"`;
  }
  return `${problem}; every option starts with --`;
}

/** A flag by its name, which may be that of something every object has. */
const own = (flags: Flags, name: string): Flag | undefined =>
  Object.hasOwn(flags, name) && flags[name] !== 'positional' ? flags[name] : undefined;

const flagsOf = (settings: Schema): Flags =>
  Object.fromEntries(
    Object.entries(settings).map(([name, entry]) => [
      flagOf(name),
      aboutOf(entry).positional
        ? 'positional'
        : shapeOf(entry).kind === 'flag'
          ? 'switch'
          : 'value',
    ]),
  );
