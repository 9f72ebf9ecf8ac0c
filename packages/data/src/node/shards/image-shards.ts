import { join } from 'node:path';
import { expectOptions, expectType } from '@twocan/core';
import type { FilePart, FileParts } from '../file-part.ts';
import { readEndings } from '../image-formats.ts';
import type { LeftOut, Listing } from '../list-images.ts';
import { openFiles } from './open-files.ts';
import { isParquet } from './parquet-file.ts';
import { parquetRows } from './parquet-rows.ts';
import { readParquetShard } from './parquet-shard.ts';
import { readTarShard, type ShardImages } from './shard-images.ts';
import { indexedShard } from './shard-index.ts';
import { compareNames, type NamedImage, nameImages } from './shard-names.ts';

/** Images in shards, by names as they would have in a folder. */
export type ImageShards = Listing & FileParts;

/** How {@link imageShards} reads. */
export type ImageShardsOptions = {
  /** Names of classes by their number. */
  readonly classNames?: readonly string[];
  /** A folder for indexes of shards that lie where nothing can be written. */
  readonly cacheFolder?: string;
  /** Called with the number of shards that are known so far. */
  readonly progress?: (done: number, total: number) => void;
};

/**
 * The images of tar files, and of Parquet files as the Hugging Face hub stores images, as if these were
 * unpacked into one folder: pass names and parts to `imageFolder`.
 *
 * A shard is read once by its headers, and then known by an index beside it (`.twocan/NAME.json`), as
 * long as its size and time stay the same. The folder of an image is that of its shard, then its class
 * where the shard gives one (`.cls`, or a field of `.json`, of the same base name), then that of its
 * name in the shard; in a Parquet file that is the number of its row, or `SHARD:ROW` where several such files
 * lie in one folder. Where two tar files have the same name, each is `SHARD:NAME`; else the order does not
 * depend on which tar file an image lies in. Members are never written anywhere.
 *
 * @param folder where the shards are
 * @param shards their names, relative to the folder, with `/` between the parts
 * @param options see {@link ImageShardsOptions}
 * @returns images and what is left out, and reads an image by its name
 * @throws whatever the file system throws for a shard; Error where one is Parquet and the package hyparquet is
 *   missing
 * @example
 * const shards = await imageShards('shards', ['000.tar', '001.tar']);
 * const photos = await imageFolder('shards', { only: shards.images, parts: shards });
 */
export async function imageShards(
  folder: string,
  shards: readonly string[],
  options: ImageShardsOptions = {},
): Promise<ImageShards> {
  expectType('imageShards', 'shards', shards, Array);
  const known = ['classNames', 'cacheFolder', 'progress'];
  expectOptions('imageShards', 'options', options, [], known);
  const { classNames = [], cacheFolder: cache, progress } = options;
  const endings = await readEndings();
  const read = (path: string): ShardImages | Promise<ShardImages> =>
    isParquet(path) ? readParquetShard(path) : readTarShard(path, new Set(endings));
  const reader = endings.toSorted().join('');
  const found: { readonly name: string; readonly path: string; readonly images: ShardImages }[] =
    [];
  for (const name of shards) {
    const path = join(folder, name);
    found.push({ name, path, images: await indexedShard(path, { read, reader, cache }) });
    progress?.(found.length, shards.length);
  }
  const { images, leftOut } = nameImages(found, classNames);
  const files = openFiles();
  const rows = parquetRows(files);
  const part = (name: string): FilePart => {
    const image = findImage(images, name);
    const shard = found[image?.shard ?? -1];
    if (image === undefined || shard === undefined) {
      throw new RangeError(`imageShards: name must be that of an image, got ${name}`);
    }
    const { path, images: of } = shard;
    const { bytes, changed } = of;
    const [offset = 0, size = 0] = [of.offsets[image.member], of.sizes[image.member]];
    const known = { path, bytes, changed };
    const isRow = isParquet(path);
    return {
      size,
      isRow,
      stamp: [path, bytes, changed, offset, size].join(' '),
      read: () => (isRow ? rows(known, offset) : files.read(known, offset, size)),
    };
  };
  return {
    images: images.map((image) => image.name),
    leftOut: [
      ...leftOut,
      ...found.flatMap(({ name, images: { leftOut: own } }) => inShard(name, own)),
    ],
    part,
    close: files.close,
  };
}

const inShard = (shard: string, leftOut: readonly LeftOut[]): LeftOut[] =>
  leftOut.map((one) => ({ ...one, name: one.name === '' ? shard : `${shard}/${one.name}` }));

/** By halves: a table of a million names takes more memory than the names. */
function findImage(images: readonly NamedImage[], name: string): NamedImage | undefined {
  let [low, high] = [0, images.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const image = images[middle] as NamedImage;
    const order = compareNames(image.name, name);
    if (order === 0) return image;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
