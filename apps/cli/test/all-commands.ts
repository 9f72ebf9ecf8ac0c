import { readdirSync } from 'node:fs';
import type { Command } from '../src/args/command.ts';

const FOLDER = new URL('../src/commands/', import.meta.url);
const modules = await Promise.all(
  readdirSync(FOLDER).map((file): Promise<Record<string, Command>> => import(`${FOLDER}${file}`)),
);

/** Every command of the program. */
export const COMMANDS = modules.flatMap((module) => Object.values(module));

/** The flag of a setting, by other means than the program's. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
