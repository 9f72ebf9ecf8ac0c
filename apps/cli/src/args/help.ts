import { aboutOf, hintOf, type Schema, shapeOf, textOf } from '@twocan/pretrain/settings';
import type { Style } from '../terminal/style.ts';
import { writtenFlag } from './flag-name.ts';

/** The help text of a command. */
export type Topic = {
  readonly name: string;
  readonly description: string;
  readonly settings: Schema;
  /** Command lines that work after file names are replaced. */
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
  { name, description, settings, examples }: Topic,
  style: Style,
  columns: number,
): string {
  const entries = Object.entries(settings);
  const words = entries.flatMap(([, entry]) => (aboutOf(entry).positional ? hintOf(entry) : []));
  const usage = ['twocan', name, ...words, '[options]'];
  const options = entries
    .filter(([, entry]) => !aboutOf(entry).positional)
    .map(([key, entry]) => ({
      group: aboutOf(entry).group ?? OTHERS,
      left: `  ${writtenFlag(key)} ${hintOf(entry)}`.trimEnd(),
      text: helpText(entry),
    }));
  const groups = [...new Set(options.map(({ group }) => group))];
  const write = table(
    options.map(({ left }) => left),
    columns,
  );
  const sections = groups.map((group) => {
    const own = options.filter((option) => option.group === group);
    const heading = group === OTHERS && groups[0] === OTHERS ? 'Options' : group;
    return [style.heading(heading), ...own.flatMap(({ left, text }) => write(left, text))].join(
      '\n',
    );
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

/** What a setting sets, and what holds where it is left out. */
function helpText(entry: Schema[string]): string {
  const { needed, usual, default: value } = aboutOf(entry);
  const text = textOf(entry);
  if (needed) return `${text}; needed`;
  if (usual !== undefined) return `${text}; default ${usual}`;
  return value === undefined || shapeOf(entry).kind === 'flag' ? text : `${text}; default ${value}`;
}

/** Texts to the right of names need this many columns; with fewer, they go below. */
const LEAST_TEXT = 36;

/** Writes names with a text to the right of each, all texts in one column. */
function table(
  names: readonly string[],
  columns: number,
): (name: string, text: string) => readonly string[] {
  const widest = Math.max(...names.map(({ length }) => length)) + 2;
  const sideBySide = columns - widest >= LEAST_TEXT;
  const indent = sideBySide ? widest : 6;
  return (name, text) => {
    const lines = wrap(text, columns - indent).map((line) => `${' '.repeat(indent)}${line}`);
    if (!sideBySide) return [name, ...lines];
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
