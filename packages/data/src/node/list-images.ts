import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openable } from './file-names.ts';
import { readEndings } from './image-formats.ts';
import { codeOf, contentReasons, type SkippedBeginning } from './listing/content-reasons.ts';
import { type Entries, readEntries } from './listing/folder-entries.ts';
import {
  isFaithful,
  type KeptList,
  type KnownFolder,
  keptList,
  SETTLED,
} from './listing/kept-list.ts';
import { whyNoFolder } from './listing/why-no-image.ts';

/** A file, or a folder with all that is in it, that is not used, and why. */
export type LeftOut = {
  /** Relative to the folder that was listed, with `/` between the parts and after a folder. */
  readonly name: string;
  /** A kind, and after a colon what is special to this one: `not an image: .txt`. */
  readonly reason: string;
  /** Of a folder: how many files it has, at any depth. */
  readonly files?: number;
};

/** Every file below a folder: an image, or left out with a reason. */
export type Listing = {
  readonly images: readonly string[];
  readonly leftOut: readonly LeftOut[];
};

/** How {@link listFolder} looks. */
export type ListOptions = {
  /** A reason to leave a folder out, from its path and the names in it. */
  readonly skipFolder?: (path: string, names: readonly string[]) => string | undefined;
  /** Images of one ending that are left out for how they begin: with `cacheFolder`, the same in each call. */
  readonly skipBeginning?: SkippedBeginning;
  /** A folder for lists of large folders: the next call reads those folders anew that changed. */
  readonly cacheFolder?: string;
  /** Called now and then with the number of images that were found so far. */
  readonly progress?: (images: number) => void;
};

type Walk = ListOptions & {
  readonly endings: ReadonlySet<string>;
  readonly images: string[];
  readonly leftOut: LeftOut[];
  readonly kept: KeptList | undefined;
  /** By the number of a file system: whether its folders can be known again. */
  readonly faithful: Map<bigint, boolean>;
  /** Files and folders that were changed later may change again without a new time. */
  readonly settled: number;
};

const OFTEN = 1000; // images from one call of progress to the next in a folder of many

/** A folder as it was when it was opened. */
type Opened = {
  readonly path: string;
  /** Its name below the root, with a slash at its end; empty for the root. */
  readonly prefix: string;
  /** The numbers of the folders that it lies in, and its own. */
  readonly ancestors: readonly string[];
  readonly stamp: string;
  /** Whether the stamp changes with what is in it. */
  readonly isSettled: boolean;
  readonly known: KnownFolder | undefined;
  readonly entries: Entries;
};

/**
 * Every file below a folder, at any depth, in an order that is the same on every machine.
 *
 * A file is an image by its ending, where this build of sharp reads that format; one without an
 * ending, or with that of an image format which sharp does not read, is one where its first bytes say
 * so. Names are sorted by code unit within each folder. Hidden files, and folders in which an operating
 * system keeps bins and thumbnails, are left out. Links are followed,
 * except to a folder that is being walked already. A name that is not UTF-8 becomes a string as
 * `openable` reads it.
 *
 * With `cacheFolder`, the list of a folder with 20,000 files or more is kept there. The next call reads those folders
 * again whose times or number changed, as they do with each file that is added, removed or renamed; and a file
 * whose contents decide is opened again unless it and all others of its folder have the size, times and number that they had.
 * On file systems where that is not certain, and on systems other than Linux, nothing is kept.
 *
 * @param folder where to look
 * @param options see {@link ListOptions}
 * @returns paths relative to the folder, with `/` between the parts
 * @throws whatever the file system throws for the folder itself (ENOENT, ENOTDIR, EACCES)
 * @example
 * const { images, leftOut } = await listFolder('photos');
 * // images: ['cats/1.jpg'], leftOut: [{ name: 'cats/notes.txt', reason: 'not an image: .txt' }]
 */
export async function listFolder(folder: string, options: ListOptions = {}): Promise<Listing> {
  const { cacheFolder, skipBeginning: skip } = options;
  const endings = await readEndings();
  const reader = [...endings.toSorted(), skip?.ending, skip?.bytes].join(' ');
  const walk: Walk = {
    ...options,
    endings: new Set(endings),
    images: [],
    leftOut: [],
    kept: cacheFolder === undefined ? undefined : await keptList(folder, cacheFolder, reader),
    faithful: new Map(),
    settled: Date.now() - SETTLED,
  };
  await walkFolder(walk, await openFolder(walk, folder, '', []));
  await walk.kept?.keep();
  return { images: walk.images, leftOut: walk.leftOut };
}

/**
 * The pictures below a folder: the images of {@link listFolder}.
 *
 * @param folder where to look
 * @returns paths relative to the folder, with `/` between the parts
 * @throws whatever the file system throws for the folder itself (ENOENT, ENOTDIR, EACCES)
 * @example
 * await listImages('photos'); // ['cats/1.jpg', 'cats/old/7.png', 'dogs/2.jpg']
 */
export async function listImages(folder: string): Promise<readonly string[]> {
  return (await listFolder(folder)).images;
}

async function openFolder(
  walk: Walk,
  path: string,
  prefix: string,
  above: readonly string[],
): Promise<Opened> {
  const { dev, ino, mtimeNs, ctimeNs } = await stat(openable(path), { bigint: true });
  const ancestors = [...above, `${dev}:${ino}`];
  const stamp = [dev, ino, mtimeNs, ctimeNs].join(' ');
  const isSettled =
    walk.kept !== undefined &&
    Math.max(Number(mtimeNs / 1_000_000n), Number(ctimeNs / 1_000_000n)) < walk.settled &&
    (await isFaithfulDevice(walk, path, dev));
  const known = isSettled ? walk.kept?.known(prefix, stamp) : undefined;
  const entries = known ?? (await readEntries(path));
  return { path, prefix, ancestors, stamp, isSettled, known, entries };
}

async function isFaithfulDevice(
  { faithful }: Walk,
  path: string,
  device: bigint,
): Promise<boolean> {
  const before = faithful.get(device);
  if (before !== undefined) return before;
  const now = await isFaithful(path);
  faithful.set(device, now);
  return now;
}

async function walkFolder(walk: Walk, folder: Opened): Promise<void> {
  const { path, prefix, entries } = folder;
  const { names, folders, others } = entries;
  const { images, leftOut } = walk;
  const reasons = contentReasons(folder, { ...walk, skip: walk.skipBeginning });
  for (const name of names) {
    const own = prefix + name;
    const kind = folders.has(name)
      ? 'folder'
      : others.has(name)
        ? await kindOf(join(path, name))
        : 'file';
    if (kind === 'folder') {
      await enterFolder(walk, folder, name);
    } else {
      const reason = kind === 'file' ? reasons.against(name) : kind;
      if (reason === undefined) images.push(own);
      else leftOut.push({ name: own, reason });
      if (images.length % OFTEN === 0) walk.progress?.(images.length);
    }
  }
  walk.progress?.(images.length);
  const found = folder.isSettled ? reasons.found() : undefined;
  if (found === undefined) return;
  const { known, stamp } = folder;
  walk.kept?.note(prefix, found === known ? known : { ...entries, ...found, stamp });
}

async function enterFolder(
  walk: Walk,
  { path: above, prefix, ancestors }: Opened,
  name: string,
): Promise<void> {
  const path = join(above, name);
  const own = `${prefix}${name}/`;
  const leave = (reason: string, files?: number): void => {
    walk.leftOut.push({ name: own, reason, ...(files !== undefined && { files }) });
  };
  try {
    const folder = await openFolder(walk, path, own, ancestors);
    if (ancestors.includes(folder.ancestors.at(-1) ?? '')) {
      return leave('a link to a folder that it lies in');
    }
    const reason = whyNoFolder(name) ?? walk.skipFolder?.(path, folder.entries.names);
    if (reason === undefined) return await walkFolder(walk, folder);
    const files = await countFiles(path, folder.entries);
    if (files > 0) leave(reason, files);
  } catch (error) {
    leave(`cannot be opened: ${codeOf(error)}`);
  }
}

/** Folder or file, links followed; else the reason why it is neither. */
async function kindOf(path: string): Promise<string> {
  try {
    const found = await stat(openable(path));
    if (found.isDirectory()) return 'folder';
    return found.isFile() ? 'file' : 'neither a file nor a folder';
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ELOOP'
      ? 'a link to nothing'
      : `cannot be opened: ${code}`;
  }
}

async function countFiles(path: string, { names, folders }: Entries): Promise<number> {
  let files = names.length - folders.size;
  for (const name of folders) {
    const inside = join(path, name);
    files += await readEntries(inside).then(
      (own) => countFiles(inside, own),
      () => 0,
    );
  }
  return files;
}
