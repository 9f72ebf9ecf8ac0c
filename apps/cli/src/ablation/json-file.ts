import { existsSync, readFileSync } from 'node:fs';

/**
 * What a file of the program's own holds.
 *
 * @param path the file; need not exist
 * @returns its JSON; undefined where there is no file
 */
export const readJson = <T>(path: string): T | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
