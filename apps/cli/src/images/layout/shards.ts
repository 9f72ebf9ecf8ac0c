import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import {
  type FileParts,
  imageShards,
  type LeftOut,
  type Listing,
  printable,
} from '@twocan/data/node';
import { COMPRESSED, isShardName } from '../../args/shard-name.ts';
import { cacheFolder } from '../../files/cache-folder.ts';
import { shardPaths } from '../../files/shard-paths.ts';
import { usageError } from '../../terminal/failure.ts';
import { progressOf } from '../../terminal/progress.ts';

/** What was listed, and where it is read from where names are not those of files. */
export type Listed = Listing & {
  readonly files?: FileParts;
  /** Where the user finds it, where that is not a folder with those names. */
  readonly source?: string;
};

/** Shards by name in a folder. */
export type Shards = { readonly folder: string; readonly names: readonly string[] };

/** Names of classes by their number, one a line. */
export const CLASS_NAMES = 'classnames.txt';
/** What `twocan shard` wrote, and the mark that it has not written all yet. */
export const [SHARD_LIST, UNFINISHED] = ['shards.json', '.twocan-unfinished.json'];

/**
 * Reads what a user gives as a file, or as a pattern of files.
 *
 * @param path such as `a.tar` or `shards/{000..099}.tar`
 * @param flag the flag that gives it
 * @returns the shards; undefined where it is neither
 * @throws Failure (exit code 2) where some of a pattern are missing
 */
export function shardsOf(path: string, flag: string): Shards | undefined {
  const paths = shardPaths(path, flag);
  const missing = paths.filter((one) => !existsSync(one));
  if (missing.length === paths.length) return undefined;
  if (missing.length > 0) {
    throw usageError(
      `${flag} ${printable(path)}: ${missing.length} of ${paths.length} shards are not there, the first: ${printable(missing[0] ?? '')}`,
    );
  }
  const folder = resolve(dirname(path.split('{')[0] === path ? path : `${path.split('{')[0]}x`));
  return { folder, names: paths.map((one) => relative(folder, resolve(one)).split(sep).join('/')) };
}

/**
 * Finds shards in a folder that holds no images of its own.
 *
 * @param listing the folder
 * @returns names of the shards, and what else is there
 */
export function shardsIn({ images, leftOut }: Listing): {
  readonly names: readonly string[];
  readonly rest: readonly LeftOut[];
} {
  const isShard = ({ name, reason }: LeftOut): boolean =>
    isShardName(name) && reason.startsWith('not an image');
  const names = images.length > 0 ? [] : leftOut.filter(isShard).map(({ name }) => name);
  const rest = leftOut
    .filter((one) => images.length > 0 || !(isShard(one) || isOurs(one.name)))
    .map((one) =>
      COMPRESSED.test(one.name)
        ? { ...one, reason: 'a compressed archive: decompress it to a .tar first' }
        : one,
    );
  return { names, rest };
}

const isOurs = (name: string): boolean =>
  [CLASS_NAMES, SHARD_LIST, '.twocan'].includes(basename(name));

/**
 * Lists the images of shards, with what is left out of them.
 *
 * @param shards where they are
 * @param path what the user gave
 * @returns names as in a folder, and where they are read
 * @throws Failure (exit code 2) for shards that are not all written yet, and whatever the file system
 *   throws for a shard
 */
export async function listShards({ folder, names }: Shards, path: string): Promise<Listed> {
  if (existsSync(join(folder, UNFINISHED))) {
    throw usageError(`${printable(path)} holds unfinished shards; finish them with twocan shard`);
  }
  const progress = progressOf('reading shards');
  const classNames = classNamesOf([join(folder, dirname(names[0] ?? '')), folder, dirname(folder)]);
  const { images, leftOut, ...files } = await imageShards(folder, names, {
    classNames,
    cacheFolder: cacheFolder(),
    progress: progress.count,
  }).finally(progress.end);
  return { images, leftOut, files, source: resolve(path) };
}

function classNamesOf(folders: readonly string[]): string[] {
  for (const folder of folders) {
    try {
      const text = readFileSync(join(folder, CLASS_NAMES), 'utf8').trimEnd();
      return text === '' ? [] : text.split('\n').map((line) => line.trimEnd());
    } catch {
      // There is none, or it cannot be read: classes have their numbers.
    }
  }
  return [];
}

/** The same files by their names in one of the folders. */
export const filesUnder = (files: FileParts | undefined, folder: string): FileParts | undefined =>
  files && (folder === '' ? files : { ...files, part: (name) => files.part(`${folder}/${name}`) });
