import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { expectOptions } from '@twocan/core';
import pLimit, { type LimitFunction } from 'p-limit';
import { checkIndex, type Dataset, type Image } from '../dataset.ts';
import { firstLevel, withClasses } from '../folder-classes.ts';
import type { Decoded, Size } from './decode.ts';
import { decodedCache } from './decoded-cache.ts';
import { openable, printable } from './file-names.ts';
import { type FileParts, type FilePlace, isPart } from './file-part.ts';
import { stampOf } from './fingerprint.ts';
import { readEndings } from './image-formats.ts';
import { listImages } from './list-images.ts';

/** A file that cannot be decoded, and the decoder's reason. */
export type BrokenFile = { readonly name: string; readonly reason: string };

/** A data set of files; close it when done. */
export type ImageFolder = Dataset & {
  /** Files that were left out; grows when a large folder meets one later. */
  readonly broken: readonly BrokenFile[];
  /** Pictures of one single colour, of those that were decoded; grows with them. */
  readonly oneColour: ReadonlySet<string>;
  /** Where the pictures are read, where they are no files of a folder. */
  readonly parts?: FileParts;
  /** Whether all pictures are held decoded in memory. */
  readonly inMemory: boolean;
  readonly close: () => Promise<void>;
};

/** How {@link imageFolder} reads. */
export type ImageFolderOptions = {
  /** Shrink each picture so that its shorter side is at most this many pixels. */
  readonly shortSide?: number;
  /** Folders that decoded need no more than this, as estimated, are kept in memory; by default 512 MB. */
  readonly cacheBytes?: number;
  /** A folder on a disk where decoded pictures are kept, for every process of the machine that decodes them. */
  readonly cacheDir?: string;
  /** How much that folder may hold; by default 20 GB. */
  readonly cacheDirBytes?: number;
  /**
   * At most how many pictures are decoded at a time; by default one a processor, 8 at most. Node computes
   * them on `UV_THREADPOOL_SIZE` threads. Of large pictures fewer are decoded, down to one.
   */
  readonly atOnce?: number;
  /** Names of files in the folder, to read these alone and in this order. */
  readonly only?: readonly string[];
  /** Of names that are no files of the folder but lie in others, as `imageShards` gives them. */
  readonly parts?: FileParts;
  /** The class of a file by its name, empty for none; its folder of the first level unless given. */
  readonly classOf?: (name: string) => string;
  /** Called with the number of files read so far: a large folder takes a while to open. */
  readonly progress?: (done: number, total: number) => void;
};

/** What holds where {@link ImageFolderOptions} leave it out. */
export const imageFolderDefaults = {
  cacheBytes: 512e6,
  cacheDirBytes: 20e9,
  atOnce: Math.min(8, availableParallelism()),
} as const;

const OPTIONS = [
  'shortSide',
  'cacheBytes',
  'cacheDir',
  'cacheDirBytes',
  'atOnce',
  'only',
  'parts',
  'classOf',
  'progress',
];

/** How many pictures of a folder that is not kept in memory are decoded when it opens. */
const LOOKED_AT = 32;
/** Of how many pictures the headers are read when the folder opens. */
const MOST_HEADERS = 20_000;

/**
 * The pictures of a folder, at any nesting, decoded by sharp's threads to upright 8-bit sRGB.
 *
 * A folder that fits the cache is decoded when it opens; of a larger one only the headers are read, of
 * one with over 20,000 files not even these.
 * Files that fail are left out and named in `broken`. In a large folder, a file that turns out
 * damaged later is replaced by the next sound one of its class, so that batches stay deterministic.
 * Transparent pixels are blended over grey (128, 128, 128); of pages and frames the first is read;
 * samples other than 8-bit get the range that they have: docs/pictures.md has the rules. The class is the first folder level, when all pictures lie in two or more.
 *
 * @param folder where the pictures are
 * @param options see {@link ImageFolderOptions}
 * @returns the data set, sorted by path
 * @throws Error if the folder cannot be read, holds no picture, none decodes (then with the reasons in its
 *   `broken`), or sharp is missing
 * @example
 * const photos = await imageFolder('photos', { shortSide: 128 });
 */
export async function imageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageFolder> {
  expectOptions('imageFolder', 'options', options, [], OPTIONS);
  const { shortSide } = options;
  const { cacheBytes = imageFolderDefaults.cacheBytes, atOnce = imageFolderDefaults.atOnce } =
    options;
  for (const [name, value] of Object.entries({ shortSide: shortSide ?? 1, atOnce })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`imageFolder: ${name} must be an integer of 1 or more, got ${value}`);
    }
  }
  const { classOf = firstLevel, parts } = options;
  const from = parts === undefined ? {} : { parts };
  requireSharp();
  const listed = options.only ?? listImages(folder);
  const names = await Promise.resolve(listed).catch((error: Error) => {
    throw new Error(`imageFolder: cannot read ${folder}: ${error.message}`, { cause: error });
  });
  if (names.length === 0) {
    throw new Error(
      `imageFolder: no pictures in ${folder}; looked for ${(await readEndings()).join(' ')} at any depth`,
    );
  }
  // Loaded here: sharp may be missing.
  const decoder = await import('./decode.ts');
  const limit = pLimit({ concurrency: atOnce, rejectOnClear: true });
  const broken: BrokenFile[] = [];
  const oneColour = new Set<string>();
  const placeOf = (name: string): FilePlace =>
    parts === undefined ? openable(join(folder, name)) : parts.part(name);
  const { cacheDir, cacheDirBytes = imageFolderDefaults.cacheDirBytes } = options;
  const kept = cacheDir === undefined ? undefined : decodedCache(cacheDir, cacheDirBytes);
  const decodePlace = async (place: FilePlace): Promise<Decoded> => {
    const fresh = (): Promise<Decoded> => decoder.decode(place, shortSide);
    const identity = kept && (await identityOf(place, shortSide).catch(() => undefined));
    return identity === undefined ? fresh() : (kept?.decoded(identity, fresh) ?? fresh());
  };
  const decode = async (name: string): Promise<Image> => {
    const { width, height, data, ...found } = await limit(() => decodePlace(placeOf(name)));
    if (found.oneColour) oneColour.add(name);
    return { width, height, channels: 3, data };
  };
  try {
    const sizeOf = (name: string): Promise<Size> => limit(() => decoder.readSize(placeOf(name)));
    const counted = <T>(read: (name: string) => Promise<T>): ((name: string) => Promise<T>) => {
      let done = 0;
      return (name) => read(name).finally(() => options.progress?.(++done, names.length));
    };
    if ((await estimateBytes(names, sizeOf, shortSide)) > cacheBytes) {
      // Sound headers are what can be known of a large folder without decoding it all; of a very large
      // one, reading them takes as long as an epoch, and damaged files are found when they are read.
      const sound =
        names.length > MOST_HEADERS
          ? names
          : (await keepSound(names, broken, counted(sizeOf))).map(({ name }) => name);
      failIfNone(folder, sound, broken);
      // Some are decoded here, to report pictures of one colour; damaged ones are found when they are read.
      await Promise.allSettled(spread(sound, LOOKED_AT).map(decode));
      return {
        ...onDisk(sound, classOf, decode, broken, limit, parts),
        ...from,
        broken,
        oneColour,
        inMemory: false,
      };
    }
    const pictures = await keepSound(names, broken, counted(decode));
    failIfNone(folder, pictures, broken);
    const image = async (index: number): Promise<Image> => {
      checkIndex('imageFolder', pictures.length, index);
      return (pictures[index] as { value: Image }).value;
    };
    const labelled = withClasses(
      'imageFolder',
      pictures.map(({ name }) => name),
      classOf,
    );
    await parts?.close();
    const close = async (): Promise<void> => undefined;
    return { ...labelled, ...from, image, broken, oneColour, inMemory: true, close };
  } catch (error) {
    limit.clearQueue();
    await parts?.close();
    throw error;
  }
}

/** What a decoded picture depends on: the file, the size, and what decodes it. */
async function identityOf(place: FilePlace, shortSide: number | undefined): Promise<string> {
  const { default: sharp } = await import('sharp');
  const of = isPart(place)
    ? place.stamp
    : `${resolve(String(place))} ${(await stampOf(place)).stamp}`;
  return [of, shortSide, ...Object.values(sharp.versions)].join('\n');
}

/** Decoded size of a folder in bytes, from the headers of at most 200 files spread over it. */
async function estimateBytes(
  names: readonly string[],
  sizeOf: (name: string) => Promise<Size>,
  shortSide = Number.POSITIVE_INFINITY,
): Promise<number> {
  const headers = await keepSound(spread(names, 200), [], sizeOf);
  const bytes = headers.map(({ value: { width, height } }) => {
    const shrink = Math.min(1, shortSide / Math.min(width, height));
    return 3 * Math.ceil(width * shrink) * Math.ceil(height * shrink);
  });
  return (bytes.reduce((a, b) => a + b, 0) / Math.max(1, bytes.length)) * names.length;
}

/** At most `count` names, at equal distances. */
const spread = (names: readonly string[], count: number): string[] =>
  names.filter((_, i) => i % Math.ceil(names.length / count) === 0);

/** What succeeds, in order, with its name; failures go to `broken`, in order as well. */
async function keepSound<T>(
  names: readonly string[],
  broken: BrokenFile[],
  read: (name: string) => Promise<T>,
): Promise<{ readonly name: string; readonly value: T }[]> {
  const results = await Promise.allSettled(names.map(read));
  return results.flatMap((result, i) => {
    const name = names[i] ?? '';
    if (result.status === 'fulfilled') return [{ name, value: result.value }];
    broken.push({ name, reason: reasonOf(result.reason) });
    return [];
  });
}

/** Decodes on demand; a file that fails gives way to the next of its class, then of any. */
function onDisk(
  names: readonly string[],
  classOf: (name: string) => string,
  decode: (name: string) => Promise<Image>,
  broken: BrokenFile[],
  limit: LimitFunction,
  parts: FileParts | undefined,
): Dataset & { close: () => Promise<void> } {
  const labelled = withClasses('imageFolder', names, classOf);
  // Also where some pictures have no class, a file gives way to one of its own.
  const groups = names.map(classOf);
  const failed = new Set<string>();
  let open = true;
  const image = async (index: number): Promise<Image> => {
    checkIndex('imageFolder', names.length, index);
    for (const candidate of candidates(index, groups)) {
      const name = names[candidate] ?? '';
      if (failed.has(name)) continue;
      if (!open) throw new Error('imageFolder: closed; open the folder again to read');
      try {
        return await decode(name);
      } catch (error) {
        // A file is not to blame for a folder that was closed meanwhile.
        if (!open || failed.has(name)) continue;
        failed.add(name);
        broken.push({ name, reason: reasonOf(error) });
      }
    }
    throw new Error('imageFolder: not one picture decodes any more');
  };
  const close = async (): Promise<void> => {
    open = false;
    limit.clearQueue();
    await parts?.close();
  };
  return { ...labelled, image, close };
}

/** The index itself, then those after it (round the end) of its class, then the rest. */
function* candidates(index: number, groups: readonly string[]): Generator<number> {
  for (const same of [true, false]) {
    for (let i = 0; i < groups.length; i++) {
      const other = (index + i) % groups.length;
      if ((groups[other] === groups[index]) === same) yield other;
    }
  }
}

function failIfNone(
  folder: string,
  sound: readonly unknown[],
  broken: readonly BrokenFile[],
): void {
  if (sound.length > 0) return;
  const first = broken[0];
  const failure = new Error(
    `imageFolder: none of the ${broken.length} files in ${folder} decodes; ` +
      `the first, ${printable(first?.name ?? '')}: ${first?.reason}`,
  );
  throw Object.assign(failure, { broken });
}

function requireSharp(): void {
  try {
    createRequire(import.meta.url).resolve('sharp');
  } catch (error) {
    throw new Error('imageFolder: needs the package sharp to decode; npm install sharp', {
      cause: error,
    });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : `${error}`);
