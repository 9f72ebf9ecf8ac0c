import { closeSync, type Dirent, openSync, readSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { nameOfBytes, openable } from './file-names.ts';
import { BEGINNING_BYTES, imageEnding, kindOfEnding, readEndings } from './image-formats.ts';

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
  /** A reason to leave an image out, from its path. */
  readonly skipImage?: (path: string) => string | undefined;
  /** Called now and then with the number of images that were found so far. */
  readonly progress?: (images: number) => void;
};

type Walk = ListOptions & {
  readonly endings: ReadonlySet<string>;
  readonly images: string[];
  readonly leftOut: LeftOut[];
};

const OFTEN = 1000; // images from one call of progress to the next in a folder of many

type Entry = { readonly name: string; readonly entry: Dirent<Buffer> };

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
 * @param folder where to look
 * @param options see {@link ListOptions}
 * @returns paths relative to the folder, with `/` between the parts
 * @throws whatever the file system throws for the folder itself (ENOENT, ENOTDIR, EACCES)
 * @example
 * const { images, leftOut } = await listFolder('photos');
 * // images: ['cats/1.jpg'], leftOut: [{ name: 'cats/notes.txt', reason: 'not an image: .txt' }]
 */
export async function listFolder(folder: string, options: ListOptions = {}): Promise<Listing> {
  const walk: Walk = {
    ...options,
    endings: new Set(await readEndings()),
    images: [],
    leftOut: [],
  };
  await walkFolder(walk, folder, '', await entriesOf(folder), [await identityOf(folder)]);
  return walk;
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

async function walkFolder(
  walk: Walk,
  folder: string,
  prefix: string,
  entries: readonly Entry[],
  ancestors: readonly string[],
): Promise<void> {
  for (const { name, entry } of entries) {
    const path = join(folder, name);
    const own = `${prefix}${name}`;
    const kind = await kindOf(path, entry);
    if (kind === 'folder') await enterFolder(walk, path, own, ancestors);
    else {
      const reason = kind === 'file' ? reasonAgainst(walk, path, name) : kind;
      if (reason === undefined) walk.images.push(own);
      else walk.leftOut.push({ name: own, reason });
      if (walk.images.length % OFTEN === 0) walk.progress?.(walk.images.length);
    }
  }
  walk.progress?.(walk.images.length);
}

async function enterFolder(
  walk: Walk,
  path: string,
  name: string,
  ancestors: readonly string[],
): Promise<void> {
  const leave = (reason: string, files?: number): void => {
    walk.leftOut.push({ name: `${name}/`, reason, ...(files !== undefined && { files }) });
  };
  try {
    const identity = await identityOf(path);
    if (ancestors.includes(identity)) return leave('a link to a folder that it lies in');
    const entries = await entriesOf(path);
    const own = name.slice(name.lastIndexOf('/') + 1);
    const reason =
      whyNoFolder(own) ??
      walk.skipFolder?.(
        path,
        entries.map((entry) => entry.name),
      );
    if (reason === undefined) {
      return await walkFolder(walk, path, `${name}/`, entries, [...ancestors, identity]);
    }
    const files = await countFiles(path, entries);
    if (files > 0) leave(reason, files);
  } catch (error) {
    leave(`cannot be opened: ${codeOf(error)}`);
  }
}

/** Why a file is not an image; undefined for one that is. */
function reasonAgainst(walk: Walk, path: string, name: string): string | undefined {
  try {
    const begin = (): Buffer => firstBytes(path, BEGINNING_BYTES);
    return whyNoImage(name, walk.endings, begin) ?? walk.skipImage?.(path);
  } catch (error) {
    return `cannot be opened: ${codeOf(error)}`;
  }
}

/**
 * Why a file is not an image, by its own name, or by its first bytes where the name does not say.
 *
 * @param name without folders
 * @param endings of `readEndings`
 * @param begin reads the first bytes; called where they are needed
 * @returns the reason; undefined for an image
 * @throws what `begin` throws
 */
export function whyNoImage(
  name: string,
  endings: ReadonlySet<string>,
  begin: () => Buffer,
): string | undefined {
  if (isHidden(name)) return 'a hidden file';
  const ending = endingOf(name);
  const kind = kindOfEnding(ending, endings);
  if (kind === 'read') return undefined;
  if (kind === 'not an image') return `not an image: ${ending}`;
  if (kind !== 'camera image' && imageEnding(begin()) !== undefined) return undefined;
  return kind === 'none'
    ? 'not an image: no ending'
    : `an image format that is not read here: ${ending}`;
}

/**
 * Why nothing in a folder is used, by the folder's own name.
 *
 * @param name without the folders above it
 * @returns the reason; undefined for any other folder
 */
export function whyNoFolder(name: string): string | undefined {
  if (isHidden(name)) return 'a hidden folder';
  return SYSTEM_FOLDERS.test(name) ? 'a folder of the operating system' : undefined;
}

/** Bins, thumbnails and notes that Windows, macOS and disk stations keep in every folder or disk. */
const SYSTEM_FOLDERS =
  /^(__MACOSX|\$RECYCLE\.BIN|RECYCLER|System Volume Information|@eaDir|@Recycle|@Recently-Snapshot|#recycle|#snapshot|lost\+found)$/i;

const isHidden = (name: string): boolean => name.startsWith('.');

/** The ending in lower case; `.svg.gz` is one. */
function endingOf(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.svg.gz') ? '.svg.gz' : extname(lower);
}

/**
 * The first bytes of a file, read at once: a thread for each of a million files takes longer.
 *
 * @param path as `openable` takes it
 * @param count at most how many
 * @returns the bytes; fewer of a shorter file
 * @throws whatever the file system throws
 */
export function firstBytes(path: string, count: number): Buffer {
  const file = openSync(openable(path), 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
  } finally {
    closeSync(file);
  }
}

async function entriesOf(folder: string): Promise<Entry[]> {
  const entries = await readdir(openable(folder), { withFileTypes: true, encoding: 'buffer' });
  return entries
    .map((entry) => ({ name: nameOfBytes(entry.name), entry }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)); // by UTF-16 code units, whatever the locale
}

/** Folder or file, links followed; else the reason why it is neither. */
async function kindOf(path: string, entry: Dirent<Buffer>): Promise<string> {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
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

/** Names the folder that a path leads to, by whatever links. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(openable(path), { bigint: true });
  return `${dev}:${ino}`;
}

async function countFiles(path: string, entries: readonly Entry[]): Promise<number> {
  let files = 0;
  for (const { name, entry } of entries) {
    const inside = join(path, name);
    files += entry.isDirectory()
      ? await entriesOf(inside).then(
          (own) => countFiles(inside, own),
          () => 0,
        )
      : 1;
  }
  return files;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
