import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { openable } from '../file-names.ts';
import { keepFile } from '../kept-file.ts';
import type { ShardImages } from './shard-images.ts';

const FORMAT = 'twocan/shard-index/1';
/** The folder beside shards in which their indexes are kept. */
export const INDEX_FOLDER = '.twocan';

/**
 * What a shard holds: from its index, where that is of the file as it is now, else read from the file
 * and kept, beside it or, where that folder cannot be written, in the cache.
 *
 * @param path the shard
 * @param of.read reads the shard itself
 * @param of.reader names what `read` depends on, beside the file
 * @param of.cache a folder for indexes that cannot lie beside their shards
 * @returns its images
 * @throws whatever the file system throws for the shard
 */
export async function indexedShard(
  path: string,
  of: {
    readonly read: (path: string) => ShardImages | Promise<ShardImages>;
    readonly reader: string;
    readonly cache?: string | undefined;
  },
): Promise<ShardImages> {
  const { size: bytes, mtimeMs: changed } = await stat(openable(path));
  const places = placesOf(path, of.cache);
  for (const place of places) {
    const known = await readIndex(place, of.reader);
    if (known?.bytes === bytes && known.changed === changed) return known;
  }
  const images = await of.read(path);
  const index = JSON.stringify({ format: FORMAT, reader: of.reader, ...images });
  for (const place of places) if (await keepFile(place, index)) break;
  return images;
}

function placesOf(path: string, cache: string | undefined): string[] {
  const beside = join(dirname(path), INDEX_FOLDER, `${basename(path)}.json`);
  if (cache === undefined) return [beside];
  const name = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32);
  return [beside, join(cache, 'shards', `${name}.json`)];
}

/** Undefined where there is none, or it is of another version or damaged. */
async function readIndex(place: string, reader: string): Promise<ShardImages | undefined> {
  try {
    const found = JSON.parse(await readFile(openable(place), 'utf8'));
    return found.format === FORMAT && found.reader === reader && isWhole(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isWhole({ names, offsets, sizes, labels, leftOut }: ShardImages): boolean {
  const lists = [names, offsets, sizes, labels, leftOut];
  if (!lists.every(Array.isArray)) return false;
  const counts = [offsets, sizes, labels].map(({ length }) => length);
  return counts.every((count) => count === names.length);
}
