import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '../terminal/failure.ts';

/** The package.json of a folder that this program made. */
export const MADE_BY = 'Made by twocan setup; remove the folder to undo it.';

/**
 * Where a backend goes by default: XDG's folder of program data, or Windows's.
 *
 * @param name the backend
 * @returns an absolute path
 */
export function defaultFolder(name: string): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  const data = XDG_DATA_HOME || LOCALAPPDATA || join(homedir(), '.local', 'share');
  return resolve(data, 'twocan', name);
}

/**
 * Refuses a folder that holds something else than an earlier set-up.
 *
 * @throws Failure (exit code 2)
 */
export function refuseForeign(folder: string): void {
  if (!existsSync(folder)) return;
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    throw usageError(`--dir ${folder} is not a folder that can be read`);
  }
  if (names.length === 0 || description(folder) === MADE_BY) return;
  throw usageError(`--dir ${folder} holds something else; name a new or an empty folder`);
}

function description(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).description;
  } catch {
    return undefined;
  }
}

/** Gigabytes free where a folder is or will be. */
export function freeGigabytes(folder: string): number {
  let place = folder;
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  return (bavail * bsize) / 1e9;
}
