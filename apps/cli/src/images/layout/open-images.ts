import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type FileParts,
  type ImageFolder,
  imageFolder,
  type LeftOut,
  type Listing,
  listFolder,
  printable,
  readEndings,
} from '@twocan/data/node';
import { cacheFolder } from '../../files/cache-folder.ts';
import { isFolder } from '../../files/is-folder.ts';
import { checkFolder } from '../../files/outputs.ts';
import { ownFolder, ownImages } from '../../files/own-output.ts';
import { isSystemError, reasonOf, usageError } from '../../terminal/failure.ts';
import { message } from '../../terminal/messages.ts';
import { progressOf } from '../../terminal/progress.ts';
import { classOfName, type Part } from './layout.ts';
import { leftOutLine, refused } from './left-out.ts';
import { whyNoFolder } from './no-folder.ts';
import { partName } from './part-names.ts';
import { filesUnder, type Listed, listShards, shardsIn, shardsOf } from './shards.ts';

/** The model's image size, and how much memory decoded images may take. */
export type Room = {
  readonly image: { readonly height: number; readonly width: number };
  readonly cacheBytes?: number;
  /** A folder for decoded images on a disk, and how much it may hold. */
  readonly cacheDir?: string;
  readonly cacheDirBytes?: number;
};

/** A folder that was listed. */
export type ListedFolder = Listing & {
  readonly root: string;
  /** Where the user finds it, where that is not a folder in `root`. */
  readonly source?: string;
  /** Where names relative to a folder in `root` are read; undefined for files. */
  readonly filesIn: (folder: string) => FileParts | undefined;
};

/** Images as they lie in a folder, and every file that is not one of them. */
export type OpenedImages = ImageFolder & { readonly leftOut: () => readonly LeftOut[] };

/**
 * Opens all images of a folder, whatever parts it has, and notes on standard error what is left out.
 *
 * @param path the folder
 * @param room the model's image size, and how much memory decoded images may take
 * @returns the images; the caller closes it
 * @throws Failure (exit code 2) when there is no folder, or no picture that decodes
 */
export async function openImages(path: string, room: Room): Promise<OpenedImages> {
  const listing = alone(path, await listData(path, '--data'));
  await expectSome(path, listing);
  const folder = await openPart(listing, { folder: '', names: listing.images, inside: '' }, room);
  const leftOut = (): readonly LeftOut[] => [...listing.leftOut, ...refused(folder.broken, '')];
  const line = leftOutLine(leftOut());
  if (line !== undefined) message(line);
  return { ...folder, leftOut };
}

/**
 * What decides how a folder is read.
 *
 * @param encoder has the model's image size
 * @param flags where decoded images are kept
 * @returns the room
 * @throws Failure (exit code 2) where nothing can be written to the folder of `--cache-dir`
 */
export function roomFor(
  { image }: Pick<Room, 'image'>,
  { cache, cacheDir, cacheDirSize }: CacheFlags,
): Room {
  if (cacheDir !== undefined) {
    checkFolder('--cache-dir', cacheDir, 'give another place, or leave --cache-dir out');
  }
  return {
    image,
    ...(cache !== undefined && { cacheBytes: cache * 1e6 }),
    ...(cacheDir !== undefined && { cacheDir }),
    ...(cacheDirSize !== undefined && { cacheDirBytes: cacheDirSize * 1e6 }),
  };
}

/** Megabytes of decoded images in memory, and where on a disk how many are kept. */
export type CacheFlags = {
  readonly cache?: number | undefined;
  readonly cacheDir?: string | undefined;
  readonly cacheDirSize?: number | undefined;
};

/**
 * Opens one part of a folder.
 *
 * @param listed the folder
 * @param part its images
 * @param room the model's image size, and how much memory decoded images may take
 * @returns the images; the caller closes it
 * @throws Failure (exit code 2) when no picture decodes
 */
export async function openPart(
  { root, filesIn }: Pick<ListedFolder, 'root' | 'filesIn'>,
  part: Pick<Part, 'folder' | 'names' | 'inside'>,
  { image: { height, width }, ...caches }: Room,
): Promise<ImageFolder> {
  const parts = filesIn(part.folder);
  try {
    // Twice the view's side: small crops keep their detail, large photos do not fill the memory.
    return await imageFolder(join(root, part.folder), {
      shortSide: 2 * Math.max(height, width),
      only: part.names,
      classOf: classOfName(part),
      progress: progressOf('reading images').count,
      ...(parts && { parts }),
      ...caches,
    });
  } catch (error) {
    throw usageError(`--data: ${reasonOf(error)}`, error);
  }
}

/**
 * Lists a folder of the user: what this program wrote there is no data.
 *
 * @param path the folder
 * @param flag the flag that names it
 * @param or what the flag takes beside folders, for the error
 * @returns every file of it
 * @throws Failure (exit code 2) when there is no folder, it cannot be read, or it is a run
 */
async function listData(path: string, flag: string, or = ''): Promise<Listed> {
  if (!isFolder(path)) {
    const shards = shardsOf(path, flag);
    if (shards !== undefined) return readable(path, flag, () => listShards(shards, path));
    throw usageError(
      `${flag} ${printable(path)} is not a folder: ${whyNoFolder(path)}; give a folder of images or shards${or}`,
    );
  }
  return readable(path, flag, async () => {
    const own = ownFolder(path);
    if (own !== undefined) {
      throw usageError(`${flag} ${printable(path)} is ${own}; give a folder of images`);
    }
    const progress = progressOf('finding images');
    const listing = await listFolder(path, {
      skipFolder: ownFolder,
      skipBeginning: ownImages,
      cacheFolder: cacheFolder(),
      progress: progress.count,
    }).finally(progress.end);
    const { names, rest } = shardsIn(listing);
    if (names.length === 0) return { ...listing, leftOut: rest };
    const shards = await listShards({ folder: path, names }, path);
    return { ...shards, leftOut: [...rest, ...shards.leftOut] };
  });
}

async function readable<T>(path: string, flag: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw usageError(`${flag} ${printable(path)} cannot be read: ${reasonOf(error)}`, error);
  }
}

/**
 * Lists a folder; where it is itself the training part, with the parts beside it.
 *
 * @param path the folder
 * @param flag the flag that names it
 * @returns every file, by its path in `root`: the folder, or the one that holds it and the others
 * @throws Failure (exit code 2) when there is no folder, it cannot be read, or it is a run
 */
export async function listParts(path: string, flag = '--data'): Promise<ListedFolder> {
  const builtIn = flag === '--data' ? ', or shapes[:count]' : '';
  const listing = await listData(path, flag, builtIn);
  const own = basename(resolve(path));
  const root = dirname(resolve(path));
  const parts: ({ readonly name: string } & Listed)[] = [{ name: own, ...listing }];
  for (const name of fellowsOf(resolve(path))) {
    const fellow = await listData(join(root, name), flag);
    if (fellow.images.length > 0) parts.push({ name, ...fellow });
  }
  if (parts.length === 1) return alone(path, listing);
  const all: { images: string[]; leftOut: LeftOut[] } = { images: [], leftOut: [] };
  for (const { name, images, leftOut } of parts) {
    for (const image of images) all.images.push(`${name}/${image}`);
    for (const one of leftOut) all.leftOut.push({ ...one, name: `${name}/${one.name}` });
  }
  const filesIn = (folder: string): FileParts | undefined => {
    const [name = '', ...inside] = folder.split('/');
    return filesUnder(parts.find((part) => part.name === name)?.files, inside.join('/'));
  };
  return { root, ...all, filesIn };
}

/** A folder without parts beside it. */
const alone = (root: string, { files, ...listing }: Listed): ListedFolder => ({
  root,
  ...listing,
  filesIn: (folder) => filesUnder(files, folder),
});

/**
 * Refuses a folder without images, naming what is there instead.
 *
 * @throws Failure (exit code 2)
 */
export async function expectSome(path: string, { images, leftOut }: Listing): Promise<void> {
  if (images.length > 0) return;
  const endings = (await readEndings()).join(' ');
  const instead = leftOutLine(leftOut);
  throw usageError(
    `no pictures in ${printable(path)}; looked for ${endings} at any depth` +
      (instead === undefined ? '' : `\n  ${instead}`),
  );
}

/** Names of the held-out parts beside a training part. */
function fellowsOf(path: string): string[] {
  const own = partName(basename(path));
  if (own?.role !== 'train') return [];
  try {
    return readdirSync(dirname(path))
      .filter((name) => {
        const part = partName(name);
        return part !== undefined && part.role !== 'train' && part.of === own.of;
      })
      .filter((name) => isFolder(join(dirname(path), name)))
      .sort();
  } catch {
    return []; // what lies beside the data cannot be looked at
  }
}
