import type { Style } from '../terminal/style.ts';
import type { Setting } from './settings.ts';

/** An option of a command, as the command line and its help know it. */
export type Flag = {
  /** `string` takes a value, `boolean` none; `positional` is a word without an option. */
  readonly type: 'string' | 'boolean' | 'positional';
  /** What the value is, for the help, such as `DIR`. */
  readonly valueHint?: string;
  readonly description: string;
  readonly group?: string;
};
/** The options of a command by name. */
export type Flags = Readonly<Record<string, Flag>>;

/**
 * Settings as options of a command.
 *
 * @param settings what they are
 * @returns an option for each, in the same words wherever it is one
 */
export const flagsOf = (settings: readonly Setting[]): Flags =>
  Object.fromEntries(
    settings.map(({ flag, group, hint, description }) => [
      flag,
      { type: 'string', group, valueHint: hint, description },
    ]),
  );

/** What `--help` says of a command. */
export type Topic = {
  readonly name: string;
  readonly description: string;
  readonly flags: Flags;
  /** Command lines that work as they stand, but for the names of files. */
  readonly examples: readonly string[];
};

const OTHERS = 'Other';

/**
 * The help of one command: usage, options in groups, examples.
 *
 * @param topic the command
 * @param style how to set words off
 * @param columns how many a line may have
 * @returns text without a last line break
 */
export function commandHelp(
  { name, description, flags, examples }: Topic,
  style: Style,
  columns: number,
): string {
  const entries = Object.entries(flags);
  const positional = entries.filter(([, flag]) => flag.type === 'positional');
  const usage = ['twocan', name, ...positional.map(([, flag]) => flag.description), '[options]'];
  const options = entries.filter(([, flag]) => flag.type !== 'positional');
  const groups = [...new Set(options.map(([, flag]) => flag.group ?? OTHERS))];
  const names = options.map(([flag, { valueHint }]) => left(flag, valueHint));
  const write = table(names, columns);
  const sections = groups.map((group) => {
    const own = options.filter(([, flag]) => (flag.group ?? OTHERS) === group);
    const lines = own.flatMap(([flag, { valueHint, description: text }]) =>
      write(left(flag, valueHint), text),
    );
    return [
      style.heading(group === OTHERS && groups[0] === OTHERS ? 'Options' : group),
      ...lines,
    ].join('\n');
  });
  const shown = examples.flatMap((example) => commandLine(example, columns));
  return [
    wrap(`${description}.`, columns).join('\n'),
    [style.heading('Usage'), ...commandLine(usage.join(' '), columns)].join('\n'),
    ...sections,
    ...(shown.length > 0 ? [[style.heading('Examples'), ...shown].join('\n')] : []),
  ].join('\n\n');
}

/**
 * The help of the program: its commands.
 *
 * @param description what it is
 * @param topics its commands
 * @param style how to set words off
 * @param columns how many a line may have
 * @returns text without a last line break
 */
export function programHelp(
  description: string,
  topics: readonly Topic[],
  style: Style,
  columns: number,
): string {
  const write = table(
    topics.map(({ name }) => `  ${name}`),
    columns,
  );
  const more =
    "'twocan COMMAND --help' has the options of a command, 'twocan --version' the version.";
  return [
    wrap(`${description}.`, columns).join('\n'),
    `${style.heading('Usage')}\n  twocan COMMAND [options]`,
    [
      style.heading('Commands'),
      ...topics.flatMap((topic) => write(`  ${topic.name}`, topic.description)),
    ].join('\n'),
    wrap(more, columns).map(style.faint).join('\n'),
  ].join('\n\n');
}

const left = (flag: string, hint = ''): string => `  --${flag}${hint ? ` ${hint}` : ''}`;

/** Texts beside names need this much room; where it is less, they stand below. */
const LEAST_TEXT = 36;

/** Writes names with a text beside each, all texts beginning in one column. */
function table(
  names: readonly string[],
  columns: number,
): (name: string, text: string) => readonly string[] {
  const widest = Math.max(...names.map(({ length }) => length)) + 2;
  const beside = columns - widest >= LEAST_TEXT;
  const indent = beside ? widest : 6;
  return (name, text) => {
    const lines = wrap(text, columns - indent).map((line) => `${' '.repeat(indent)}${line}`);
    if (!beside) return [name, ...lines];
    const [first = '', ...rest] = lines;
    return [`${name.padEnd(indent)}${first.slice(indent)}`, ...rest];
  };
}

/** A text in lines of at most so many columns, broken between words. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** A command that can be copied into a shell, also where it takes several lines. */
function commandLine(command: string, columns: number): string[] {
  const lines = wrap(command.replace(/ (--\S+) (?!-)(\S+)/g, ' $1\u00a0$2'), columns - 6);
  return lines.map((line, i) => {
    const indent = i === 0 ? '  ' : '    ';
    const goesOn = i === lines.length - 1 ? '' : ' \\';
    return `${indent}${line.replaceAll('\u00a0', ' ')}${goesOn}`;
  });
}
