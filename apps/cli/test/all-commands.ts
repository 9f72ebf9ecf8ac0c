import { COMMANDS as LIST } from '../src/commands.ts';

/** Every command of the program; with its settings. */
export const COMMANDS = await Promise.all(
  LIST.map(async ({ name, description, load }) => ({ name, description, ...(await load()) })),
);

/** The flag of a setting, by other means than the program's. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
