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

/** How words are set off; plain unless the terminal shows colours. */
export type Style = {
  readonly heading: (text: string) => string;
  readonly faint: (text: string) => string;
};

const OTHERS = 'Other';

/**
 * The style for a stream: plain in pipes, and where NO_COLOR or the terminal say so.
 *
 * @param stream where the text goes
 * @returns functions that wrap text
 */
export function styleFor(stream: { readonly isTTY?: boolean; hasColors?: () => boolean }): Style {
  // Node's hasColors knows NO_COLOR, FORCE_COLOR and TERM; it warns when two of them disagree.
  const coloured = stream.isTTY === true && !process.env.NO_COLOR && stream.hasColors?.() === true;
  const wrap = (code: number) => (text: string) =>
    coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { heading: wrap(1), faint: wrap(2) };
}

/**
 * The help of one command: usage, options in groups, examples.
 *
 * @param topic the command
 * @param style how to set words off
 * @returns text of at most 100 columns, without a last line break
 */
export function commandHelp({ name, description, flags, examples }: Topic, style: Style): string {
  const entries = Object.entries(flags);
  const positional = entries.filter(([, flag]) => flag.type === 'positional');
  const usage = ['twocan', name, ...positional.map(([, flag]) => flag.description), '[options]'];
  const options = entries.filter(([, flag]) => flag.type !== 'positional');
  const groups = [...new Set(options.map(([, flag]) => flag.group ?? OTHERS))];
  const width = Math.max(...options.map(([flag, { valueHint }]) => left(flag, valueHint).length));
  const sections = groups.map((group) => {
    const own = options.filter(([, flag]) => (flag.group ?? OTHERS) === group);
    const lines = own.flatMap(([flag, { valueHint, description: text }]) =>
      columns(left(flag, valueHint), text, width),
    );
    return [
      style.heading(group === OTHERS && groups[0] === OTHERS ? 'Options' : group),
      ...lines,
    ].join('\n');
  });
  const shown = examples.map((example) => `  ${example}`);
  return [
    `${description}.`,
    `${style.heading('Usage')}\n  ${usage.join(' ')}`,
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
 * @returns text without a last line break
 */
export function programHelp(description: string, topics: readonly Topic[], style: Style): string {
  const width = Math.max(...topics.map(({ name }) => name.length)) + 2;
  return [
    `${description}.`,
    `${style.heading('Usage')}\n  twocan COMMAND [options]`,
    [
      style.heading('Commands'),
      ...topics.flatMap((topic) => columns(`  ${topic.name}`, topic.description, width)),
    ].join('\n'),
    `${style.faint("'twocan COMMAND --help' has the options of a command, 'twocan --version' the version.")}`,
  ].join('\n\n');
}

const left = (flag: string, hint = ''): string => `  --${flag}${hint ? ` ${hint}` : ''}`;

const COLUMNS = 100;

/** A name, and beside it a text wrapped to the room that is left. */
function columns(name: string, text: string, width: number): string[] {
  const indent = width + 2;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && indent + line.length + 1 + word.length <= COLUMNS) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines.map((line, i) => `${(i === 0 ? name : '').padEnd(indent)}${line}`);
}
