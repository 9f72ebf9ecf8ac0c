import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where this program keeps what it can make anew: XDG's folder of caches, or Windows's.
 *
 * @returns an absolute path
 */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return resolve(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'twocan');
}
