import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fold, key } from '@twocan/core';
import { cached, type Dataset, shapes } from '@twocan/data';
import { type BrokenFile, type ImageFolder, imageFolder } from '@twocan/data/node';
import type { DataFacts } from './config.ts';
import { atMost, between, type Evaluation, MOST, type Most, within } from './evaluation-sets.ts';
import { usageError } from './failure.ts';
import { oneColourNote } from './one-colour.ts';

/** Data ready for a run. */
export type OpenedData = DataFacts & {
  readonly dataset: Dataset;
  /** Absent where classes are not known. */
  readonly evaluation?: Evaluation;
  /** The data themselves, where they are a folder with classes. */
  readonly labelled?: ImageFolder;
  /** Pictures to draw and to judge by: the held-out ones, or some of the data. */
  readonly pictures: Dataset;
  /** Files that were left out; grows when a large folder meets one later. */
  readonly broken: readonly BrokenFile[];
  /** What the user should know before the run. */
  readonly notes: readonly string[];
  readonly close: () => Promise<void>;
};

/** Data with classes. */
export type LabelledData = OpenedData & { readonly evaluation: Evaluation };

/** What a user says about the data. */
export type Asked = {
  readonly data?: string;
  readonly evalData?: string;
  /** Megabytes of decoded images to keep. */
  readonly cache?: number;
  /** How many pictures judge at most. */
  readonly most?: Most;
};

type Side = { readonly height: number; readonly width: number };
type Room = { readonly image: Side; readonly cacheBytes?: number };
type JudgedRoom = Room & { readonly most: Most };

/** What `shapes` without a count means. */
const DEFAULT_COUNT = 2000;
const HELD_OUT_NAMES = ['test', 'validation', 'val'] as const;

/**
 * Opens what `--data` and `--eval-data` name.
 *
 * @param asked.data `shapes`, `shapes:COUNT` or a folder; `shapes` unless said
 * @param asked.evalData a folder of labelled pictures; those of the data unless said
 * @param asked.cache megabytes of decoded images to keep
 * @param asked.most how many pictures judge at most; 2000 and 500 unless said
 * @param image the model's image size
 * @returns the data; the caller closes it
 * @throws Failure (exit code 2) for a count or a folder that cannot be used
 */
export async function openData(
  { data = 'shapes', evalData, cache, most = MOST }: Asked,
  image: Side,
): Promise<OpenedData> {
  const room: JudgedRoom = {
    image,
    most,
    ...(cache === undefined ? {} : { cacheBytes: cache * 1e6 }),
  };
  const [, builtIn, count] = /^(shapes)(?::(.*))?$/.exec(data) ?? [];
  const opened =
    builtIn === undefined ? await openFolder(resolve(data), room) : await openShapes(count, room);
  if (evalData === undefined) return opened;
  return judgedOn(opened, resolve(evalData), room).catch(async (error) => {
    await opened.close();
    throw error;
  });
}

/**
 * The same for what needs classes.
 *
 * @throws Failure (exit code 2) also for data without
 */
export async function openLabelled(asked: Asked, image: Side): Promise<LabelledData> {
  const data = await openData(asked, image);
  const { evaluation } = data;
  if (evaluation !== undefined) return { ...data, evaluation };
  await data.close();
  throw usageError(`--data ${asked.data} has no classes; give a folder with one folder a class`);
}

/**
 * The same data, judged on the folder of --eval-data: as the test set of the data's own classes
 * where it has them, else on its own.
 */
async function judgedOn(opened: OpenedData, path: string, room: JudgedRoom): Promise<OpenedData> {
  if (!isFolder(path)) {
    throw usageError(`--eval-data ${path} is not a folder; give one with one folder a class`);
  }
  const own = await openFolder(path, room);
  const { labelled } = opened;
  const across =
    labelled === undefined || own.labelled === undefined || own.source === opened.source
      ? undefined
      : between(labelled, own.labelled, path, room.most);
  const evaluation = across ?? own.evaluation;
  if (evaluation === undefined) {
    await own.close();
    throw usageError(`--eval-data ${path} has no classes; give a folder with one folder a class`);
  }
  return {
    ...opened,
    evaluation,
    pictures: evaluation.test,
    close: async () => {
      await Promise.all([opened.close(), own.close()]);
    },
  };
}

async function openShapes(
  word: string | undefined,
  { image: { width: size }, most }: JudgedRoom,
): Promise<OpenedData> {
  const count = word === undefined ? DEFAULT_COUNT : Number(word);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw usageError(`--data shapes:COUNT needs a whole number of at least 1, got shapes:${word}`);
  }
  // The drawings do not depend on --seed: runs of different seeds are then comparable.
  const draw = (split: string, length: number): Dataset =>
    cached(shapes({ key: fold(key(0), split), count: length, size }));
  const dataset = draw('train', count);
  const test = draw('test', Math.min(MOST.test, count));
  return {
    source: `shapes:${count}`,
    length: count,
    dataset,
    evaluation: {
      train: atMost(dataset, most.train),
      test: atMost(test, most.test),
      classes: dataset.classes?.length ?? 0,
      heldOut: 'held-out drawings',
      source: 'drawings of the same ten shapes',
    },
    pictures: test,
    broken: [],
    notes: [],
    close: async () => undefined,
  };
}

async function openFolder(asked: string, room: JudgedRoom): Promise<OpenedData> {
  expectFolder(asked);
  const path = trainingPart(asked);
  const folder = await openImages(path, room);
  const other = heldOutSibling(path);
  const sibling = other === undefined || !folder.labels ? undefined : await openImages(other, room);
  const across =
    sibling === undefined ? undefined : between(folder, sibling, other ?? '', room.most);
  const evaluation = across ?? within(folder, path, room.most);
  return {
    source: path,
    length: folder.length,
    dataset: folder,
    ...(folder.labels === undefined ? {} : { labelled: folder }),
    ...(evaluation === undefined ? {} : { evaluation }),
    pictures: evaluation?.test ?? atMost(folder, MOST.test),
    broken: folder.broken,
    notes: [...notesOf(asked, path, folder), ...(await smallImages(folder, room.image))],
    close: async () => {
      await Promise.all([folder.close(), sibling?.close()]);
    },
  };
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

function expectFolder(path: string): void {
  if (isFolder(path)) return;
  throw usageError(`--data ${path} is not a folder; give a folder of images, or shapes[:count]`);
}

/**
 * Opens a folder of images as it is.
 *
 * @param path the folder
 * @param room the model's image size, and how much memory decoded images may take
 * @returns the images; the caller closes it
 * @throws Failure (exit code 2) when there is no folder, or no picture that decodes
 */
export async function openImages(
  path: string,
  { image: { height, width }, cacheBytes }: Room,
): Promise<ImageFolder> {
  expectFolder(path);
  try {
    // Twice the view's side: small crops keep their detail, large photos do not fill the memory.
    return await imageFolder(path, {
      shortSide: 2 * Math.max(height, width),
      progress: showReading,
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
    });
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

/** On a terminal, one rewriting line, and only for folders that take their time. */
function showReading(done: number, total: number): void {
  if (!process.stderr.isTTY || total < 1000) return;
  if (done === total) process.stderr.write('\r\u001b[2K');
  else if (done % 100 === 0) process.stderr.write(`\rreading images ${done}/${total}`);
}

/** `DIR/train` where DIR holds nothing but splits: else the split's name would pass for a class. */
function trainingPart(path: string): string {
  const folders = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name);
  const splits = folders.every((name) => ['train', ...HELD_OUT_NAMES].includes(name));
  return folders.includes('train') && splits ? join(path, 'train') : path;
}

function heldOutSibling(path: string): string | undefined {
  if (basename(path) !== 'train') return undefined;
  return HELD_OUT_NAMES.map((name) => join(dirname(path), name)).find((other) => existsSync(other));
}

/** Says how many images must be enlarged, from those that are in memory anyway. */
async function smallImages(folder: ImageFolder, { height, width }: Side): Promise<string[]> {
  if (!folder.inMemory) return [];
  let small = 0;
  for (let i = 0; i < folder.length; i++) {
    const image = await folder.image(i);
    if (image.width < width || image.height < height) small++;
  }
  if (small === 0) return [];
  return [
    `${small} of ${folder.length} images are smaller than ${width}x${height} and are enlarged; a smaller --image-size may serve them better`,
  ];
}

function notesOf(asked: string, path: string, folder: ImageFolder): string[] {
  const { broken } = folder;
  const notes = [...(asked === path ? [] : [`training on ${path}`]), ...oneColourNote(folder)];
  if (broken.length === 0) return notes;
  const first = broken[0];
  return [
    ...notes,
    `left out ${broken.length} damaged file(s), the first: ${first?.name} (${first?.reason})`,
  ];
}
