import { readdirSync } from 'node:fs';
import type { Command } from '../src/args/command.ts';

const FOLDER = new URL('../src/commands/', import.meta.url);
const modules = await Promise.all(
  readdirSync(FOLDER).map((file): Promise<Record<string, Command>> => import(`${FOLDER}${file}`)),
);

/** Every command of the program; its settings stand next to it. */
export const COMMANDS = modules.flatMap((module) =>
  Object.values(module).filter((one) => 'run' in one),
);

/** The flag of a setting, by other means than the program's. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
