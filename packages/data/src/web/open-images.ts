import { expectInteger, expectOptions, expectType } from '@twocan/core';
import { checkIndex, type Dataset, type Image } from '../dataset.ts';
import { withClasses } from '../folder-classes.ts';
import { imageDecoder } from './decode-image.ts';
import type { NamedFile } from './named-files.ts';
import { isZip, zipEntries } from './zip.ts';

/** A file that is not used, and why. */
export type UnusedFile = { readonly name: string; readonly reason: string };

/** Pictures in memory, and the files that are not among them. */
export type OpenedImages = Dataset & {
  readonly unused: readonly UnusedFile[];
  /** How many more there were than may be used. */
  readonly tooMany: number;
};

/** How {@link openImages} reads. */
export type OpenOptions = {
  /** The shorter side of a picture becomes at most this many pixels. */
  readonly shortSide: number;
  /** At most so many pictures, evenly spread over all. */
  readonly most: number;
  /** Called with the number of files read so far. */
  readonly progress?: (done: number, total: number) => void;
};

/** Files that are read at the same time: most of the time of a small one is waiting for the browser. */
const AT_ONCE = 8;

/** What is about to be read: a file, or one inside of an archive. */
type Candidate = { readonly path: string; readonly read: () => Promise<Uint8Array<ArrayBuffer>> };

const READ = /\.(jpe?g|jfif|pjpe?g|png|apng|gif|webp|avif|bmp|ico)$/i;
const HEIC = /\.(heic|heif|hif)$/i;
const OTHER = /\.(tiff?|svg|jxl|jp2|psd|dng|nef|cr2|cr3|arw|orf|rw2|raf)$/i;
/** What operating systems keep in folders and archives. */
const HIDDEN = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

/**
 * Reads pictures that a person chose: files, those of folders, and those in zip archives.
 *
 * They are sorted by path as `twocan --data` sorts a folder, and decoded by the browser, in order. The class is
 * the first folder level below what all have in common, where all pictures lie in two or more.
 *
 * @param files of `droppedFiles` or `pickedFiles`
 * @param options see {@link OpenOptions}
 * @returns the pictures in memory, which may be none; files that are not used are listed with the reason
 * @throws RangeError for options that are not whole and positive
 * @example
 * const { length, classes, unused } = await openImages(files, { shortSide: 64, most: 10_000 });
 */
export async function openImages(
  files: readonly NamedFile[],
  options: OpenOptions,
): Promise<OpenedImages> {
  expectType('openImages', 'files', files, Array);
  expectOptions('openImages', 'options', options, ['shortSide', 'most'], ['progress']);
  const { shortSide, most, progress } = options;
  expectInteger('openImages', 'shortSide', shortSide);
  expectInteger('openImages', 'most', most);
  const unused: UnusedFile[] = [];
  const all = belowCommonFolder((await candidatesOf(files, unused)).sort(byPath));
  const fit = all.filter(({ path }) => {
    const reason = reasonAgainst(path);
    if (reason !== undefined) unused.push({ name: path, reason });
    return reason === undefined;
  });
  const count = Math.min(most, fit.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => fit[Math.floor((i * fit.length) / count)] as Candidate,
  );
  const names: string[] = [];
  const images: Image[] = [];
  for (const [i, found] of (await readAll(chosen, shortSide, progress)).entries()) {
    const { path } = chosen[i] as Candidate;
    if (typeof found === 'string') unused.push({ name: path, reason: found });
    else {
      images.push(found);
      names.push(path);
    }
  }
  const image = async (index: number): Promise<Image> => {
    checkIndex('openImages', images.length, index);
    return images[index] as Image;
  };
  return { ...withClasses('openImages', names), image, unused, tooMany: fit.length - count };
}

/** Each picture, or the reason why it cannot be read, in the order of the files. */
async function readAll(
  files: readonly Candidate[],
  shortSide: number,
  progress: OpenOptions['progress'],
): Promise<readonly (Image | string)[]> {
  const decode = imageDecoder(shortSide);
  const found = new Array<Image | string>(files.length);
  const waiting = files.entries();
  let done = 0;
  const readOn = async (): Promise<void> => {
    for (const [i, { read }] of waiting) {
      found[i] = await read()
        .then(decode)
        .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
      progress?.(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readOn));
  return found;
}

async function candidatesOf(
  files: readonly NamedFile[],
  unused: UnusedFile[],
): Promise<Candidate[]> {
  const all: Candidate[] = [];
  for (const named of files) {
    if (!isZip(named)) {
      const read = async () => new Uint8Array(await named.file.arrayBuffer());
      all.push({ path: named.path, read });
      continue;
    }
    try {
      for (const entry of await zipEntries(named.file)) all.push(entry);
    } catch {
      unused.push({ name: named.path, reason: 'no zip archive that can be read, or cut off' });
    }
  }
  return all.filter(({ path }) => !HIDDEN.test(path));
}

/** Folder by folder, names by code unit: the order of `twocan --data`. */
function byPath({ path: a }: Candidate, { path: b }: Candidate): number {
  const [left, right] = [a.split('/'), b.split('/')];
  const at = left.findIndex((part, i) => part !== right[i]);
  return (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

/** Who drops a folder means what is in it. */
function belowCommonFolder(all: readonly Candidate[]): readonly Candidate[] {
  const [first] = all;
  const end = first?.path.indexOf('/') ?? -1;
  if (first === undefined || end < 0) return all;
  const folder = first.path.slice(0, end + 1);
  if (!all.every(({ path }) => path.startsWith(folder))) return all;
  return belowCommonFolder(all.map(({ path, read }) => ({ path: path.slice(end + 1), read })));
}

function reasonAgainst(path: string): string | undefined {
  const [ending = ''] = /\.[^./]+$/.exec(path) ?? [];
  if (READ.test(path) || ending === '') return undefined;
  if (HEIC.test(path)) return 'HEIC, which browsers do not read: save it as JPEG';
  if (OTHER.test(path)) return `an image format that browsers do not read: ${ending}`;
  return `not an image: ${ending}`;
}
