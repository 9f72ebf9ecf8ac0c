import { existsSync } from 'node:fs';
import { expandBraces } from '@twocan/data/node';
import { isShardName } from '../args/shard-name.ts';
import { reasonOf, usageError } from '../terminal/failure.ts';
import { isFolder } from './is-folder.ts';

/**
 * The files that a path, or a pattern such as `shards/{000..099}.tar`, stands for.
 *
 * @param path what a user gave
 * @param flag the flag that gives it
 * @returns paths, whether something is there or not; none where they are not all names of shards
 * @throws Failure (exit code 2) for a pattern of too many
 */
export function shardPaths(path: string, flag: string): string[] {
  if (!isShardName(path)) return [];
  if (existsSync(path)) return [path];
  try {
    const paths = expandBraces(path);
    return paths.every(isShardName) ? paths : [];
  } catch (error) {
    throw usageError(`${flag}: ${reasonOf(error)}`, error);
  }
}

/**
 * Whether something is there that can be opened as data.
 *
 * @param path a folder, a shard, or a pattern of shards
 */
export const isData = (path: string): boolean =>
  isFolder(path) || shardPaths(path, '--data').some(existsSync);
