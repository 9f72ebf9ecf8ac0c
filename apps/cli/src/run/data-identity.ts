import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import type { Dataset } from '@twocan/data';
import {
  compareMarks,
  type FileChanges,
  type FileMark,
  type Fingerprint,
  fingerprint,
  type ImageFolder,
  markFiles,
  printable,
} from '@twocan/data/node';
import type { Options } from '../args/options.ts';
import { isPlace } from '../files/path-names.ts';
import { isData } from '../files/shard-paths.ts';
import { usageError } from '../terminal/failure.ts';
import { progressOf } from '../terminal/progress.ts';

/** By what a run knows its images again, wherever they lie. */
export type ImagesIdentity = Fingerprint & {
  /** A digest of names and labels of the pictures of the evaluation; absent where there are none. */
  readonly evaluation?: string;
};

/** The images of a run, file by file. */
export type KnownImages = {
  readonly identity: ImagesIdentity;
  readonly marks: readonly FileMark[];
};

/** The images in a run's config. */
type Known = {
  readonly data: string;
  readonly images?: ImagesIdentity;
  readonly options: Options;
};

type Opened = {
  readonly source: string;
  readonly dataset: Dataset & Pick<ImageFolder, 'parts'>;
  readonly evaluation?: { readonly train: Dataset; readonly test: Dataset };
};

/**
 * Looks at the files of some data, to know them again.
 *
 * @param data what was opened
 * @param before marks of an earlier look: the contents of the same files are read
 * @returns their identity; undefined for drawn images, which are the same wherever they are drawn
 */
export async function knowImages(
  { source, dataset, evaluation }: Opened,
  before?: readonly FileMark[],
): Promise<KnownImages | undefined> {
  if (!isPlace(source)) return undefined;
  const names = Array.from({ length: dataset.length }, (_, i) => dataset.name(i));
  const read = before && new Set(before.flatMap((mark) => (mark.digest ? [mark.name] : [])));
  const line = progressOf('looking at the files');
  const marks = await markFiles(source, names, {
    parts: dataset.parts,
    progress: line.count,
    ...(read && { reads: (name) => read.has(name) }),
  });
  await dataset.parts?.close();
  const ofEvaluation = evaluation && { evaluation: digestOf(evaluation.train, evaluation.test) };
  return { identity: { ...fingerprint(marks), ...ofEvaluation }, marks };
}

function digestOf(...sets: readonly Dataset[]): string {
  const hash = createHash('sha256');
  for (const { length, name, labels, classes = [] } of sets) {
    for (let i = 0; i < length; i++) hash.update(`${name(i)}\0${classes[labels?.[i] ?? -1]}\0`);
    hash.update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * Counts what changed between two looks at a folder.
 *
 * @param changes names of files by what happened to them
 * @returns such as `3 added (the first: a.png)`; empty where nothing changed
 */
export const countChanges = (changes: FileChanges): string[] =>
  Object.entries(changes).flatMap(([kind, names]: [string, readonly string[]]) =>
    names.length === 0 ? [] : [`${names.length} ${kind} (the first: ${printable(names[0] ?? '')})`],
  );

/**
 * Fails where images are not those that a run began with.
 *
 * @param path where they were looked for
 * @param before what the run knows of them
 * @param now what is there
 * @param command what needs them, for the error
 * @throws Failure (exit code 2) that counts what differs and names the first
 */
export function expectSameImages(
  path: string,
  before: KnownImages,
  now: KnownImages,
  command = '--resume',
): void {
  const counts = countChanges(compareMarks(before.marks, now.marks));
  if (counts.length === 0 && before.identity.evaluation === now.identity.evaluation) return;
  const what =
    counts.length === 0 ? 'those of the evaluation have other names or labels' : counts.join(', ');
  throw usageError(
    `${command}: the images of ${path} are not those that the run began with: ${what}; ` +
      'restore them, name their folder with --data, or start a new run',
  );
}

/**
 * Keeps the marks of a run's images, one a line.
 *
 * @param path the file
 * @param marks what {@link knowImages} found
 */
export async function keepMarks(path: string, marks: readonly FileMark[]): Promise<void> {
  const lines = marks.map(({ name, size, digest }) => JSON.stringify({ name, size, digest }));
  await writeFileAtomic(path, `${lines.join('\n')}\n`);
}

/**
 * Reads what a run knows of its images.
 *
 * @param path the file of {@link keepMarks}
 * @param identity of the run's config
 * @returns both; undefined where the file is gone, or is not that of the config
 */
export function readMarks(path: string, identity: ImagesIdentity): KnownImages | undefined {
  try {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    const marks = lines.map((line) => ({ ...(JSON.parse(line) as FileMark), stamp: '' }));
    return fingerprint(marks).sha256 === identity.sha256 ? { identity, marks } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Fails where the images of a run that goes on are not those that it began with.
 *
 * @param folder the run's places
 * @param before the run's config
 * @param data what was opened now
 * @param command what needs them, for the error
 * @returns the images, and what the user should know about them
 * @throws Failure (exit code 2) that names what differs
 */
export async function sameImages(
  folder: { readonly images: string },
  before: Pick<Known, 'images'>,
  data: Opened,
  command?: string,
): Promise<{ readonly known: KnownImages | undefined; readonly notes: readonly string[] }> {
  const old = before.images && readMarks(folder.images, before.images);
  const known = await knowImages(data, old?.marks);
  if (known === undefined) return { known, notes: [] };
  if (before.images === undefined) {
    return {
      known,
      notes: [
        'the run is of an older version, which kept no fingerprint of its images: whether they are the same is not known',
      ],
    };
  }
  if (old !== undefined) expectSameImages(data.source, old, known, command);
  return { known, notes: [] };
}

/**
 * The options of a run with paths that hold in any working directory.
 *
 * @param options the flags
 * @param source what was opened
 * @returns the same, folders as absolute paths
 */
export function placed(options: Options, { source }: Pick<Opened, 'source'>): Options {
  const { data, evalData, init, cacheDir } = options;
  return {
    ...options,
    ...(data !== undefined && isPlace(source) ? { data: resolve(data) } : {}),
    ...(evalData === undefined ? {} : { evalData: resolve(evalData) }),
    ...(init === undefined ? {} : { init: resolve(init) }),
    ...(cacheDir === undefined ? {} : { cacheDir: resolve(cacheDir) }),
  };
}

/**
 * Where a run's images are now: as its flags say, or, for runs that kept the flag as it was typed,
 * as the folder that was opened.
 *
 * @param before the run's config
 * @param given the flags of the command that resumes it
 * @returns the run's options, with the folder that is there
 * @throws Failure (exit code 2) when it is not there and `--data` does not say where it is now
 */
export function whereImagesAre(before: Known, given: Options): Options {
  const { options, data } = before;
  if (given.data !== undefined || !isPlace(data)) return options;
  const places = [options.data, data].filter((path) => path !== undefined && isPlace(path));
  const there = places.find((path) => path !== undefined && isData(path));
  if (there !== undefined) return { ...options, data: there };
  throw usageError(
    `--resume: the run's images are no longer in ${places[0]}; say where they are now with --data DIR`,
  );
}
