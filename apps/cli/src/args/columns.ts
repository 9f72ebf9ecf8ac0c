import { wrap } from '../terminal/wrap.ts';

/** Texts to the right of names need this many columns; with fewer, they go below. */
const LEAST_TEXT = 36;

/** Writes names with a text to the right of each, all texts in one column. */
export function table(
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

/** A command that can be copied into a shell, also where it takes several lines. */
export function commandLine(command: string, columns: number): string[] {
  const lines = wrap(command.replace(/ (--\S+) (?!-)(\S+)/g, ' $1\u00a0$2'), columns - 6);
  return lines.map((line, i) => {
    const indent = i === 0 ? '  ' : '    ';
    const goesOn = i === lines.length - 1 ? '' : ' \\';
    return `${indent}${line.replaceAll('\u00a0', ' ')}${goesOn}`;
  });
}
