import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fold, key } from '@twocan/core';
import { cached, type Dataset, shapes, subset } from '@twocan/data';
import { type ImageFolder, imageFolder } from '@twocan/data/node';
import type { DataFacts } from './config.ts';
import { usageError } from './failure.ts';

/** Labelled pictures on both sides of the k-NN comparison. */
export type Evaluation = {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly classes: number;
  /** Where the held-out pictures come from, in words. */
  readonly heldOut: string;
};

/** Data ready for a run. */
export type OpenedData = DataFacts & {
  readonly dataset: Dataset;
  /** Absent where classes are not known. */
  readonly evaluation?: Evaluation;
  /** What the user should know before the run. */
  readonly notes: readonly string[];
  readonly close: () => Promise<void>;
};

type Side = { readonly height: number; readonly width: number };

/** What `shapes` without a count means. */
const DEFAULT_COUNT = 2000;
// Enough for a steady percentage, few enough for seconds.
const MOST = { train: 2000, test: 500 } as const;
const HELD_OUT_NAMES = ['test', 'validation', 'val'] as const;
/** Of a folder without a held-out sibling, every fifth picture of a class is the k-NN's test. */
const FOLD = 5;

/**
 * Opens what `--data` names.
 *
 * @param data `shapes`, `shapes:COUNT` or a folder; `shapes` unless said
 * @param image the model's image size
 * @returns the data; the caller closes it
 * @throws Failure (exit code 2) for a count or a folder that cannot be used
 */
export async function openData(data: string | undefined, image: Side): Promise<OpenedData> {
  const [, builtIn, count] = /^(shapes)(?::(.*))?$/.exec(data ?? 'shapes') ?? [];
  if (builtIn !== undefined) return openShapes(count, image.width);
  return openFolder(resolve(data ?? ''), image);
}

async function openShapes(word: string | undefined, size: number): Promise<OpenedData> {
  const count = word === undefined ? DEFAULT_COUNT : Number(word);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw usageError(`--data shapes:COUNT needs a whole number of at least 1, got shapes:${word}`);
  }
  // The drawings do not depend on --seed: runs of different seeds are then comparable.
  const draw = (split: string, length: number): Dataset =>
    cached(shapes({ key: fold(key(0), split), count: length, size }));
  const dataset = draw('train', count);
  return {
    source: `shapes:${count}`,
    length: count,
    dataset,
    evaluation: {
      train: atMost(dataset, MOST.train),
      test: draw('test', Math.min(MOST.test, count)),
      classes: dataset.classes?.length ?? 0,
      heldOut: 'held-out drawings',
    },
    notes: [],
    close: async () => undefined,
  };
}

async function openFolder(asked: string, image: Side): Promise<OpenedData> {
  expectFolder(asked);
  const path = trainingPart(asked);
  const folder = await openImages(path, image);
  const other = heldOutSibling(path);
  const sibling =
    other === undefined || !folder.labels ? undefined : await openImages(other, image);
  const evaluation = sibling === undefined ? within(folder) : between(folder, sibling, other ?? '');
  return {
    source: path,
    length: folder.length,
    dataset: folder,
    ...(evaluation === undefined ? {} : { evaluation }),
    notes: notesOf(asked, path, folder),
    close: async () => {
      await Promise.all([folder.close(), sibling?.close()]);
    },
  };
}

function expectFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  throw usageError(`--data ${path} is not a folder; give a folder of images, or shapes[:count]`);
}

/**
 * Opens a folder of images as it is.
 *
 * @param path the folder
 * @param image the model's image size
 * @returns the images; the caller closes it
 * @throws Failure (exit code 2) when there is no folder, or no picture that decodes
 */
export async function openImages(path: string, { height, width }: Side): Promise<ImageFolder> {
  expectFolder(path);
  try {
    // Twice the view's side: small crops keep their detail, large photos do not fill the memory.
    return await imageFolder(path, { shortSide: 2 * Math.max(height, width) });
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
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

function between(train: ImageFolder, test: ImageFolder, path: string): Evaluation | undefined {
  const { classes = [], labels } = train;
  const names = test.classes ?? [];
  if (
    labels === undefined ||
    test.labels === undefined ||
    names.some((n) => !classes.includes(n))
  ) {
    return within(train);
  }
  const renamed = test.labels.map((label) => classes.indexOf(names[label] ?? ''));
  return {
    train: atMost(train, MOST.train),
    test: atMost({ ...test, classes, labels: renamed }, MOST.test),
    classes: classes.length,
    heldOut: `pictures of ${basename(path)}/`,
  };
}

function within(folder: ImageFolder): Evaluation | undefined {
  const { classes, labels } = folder;
  if (classes === undefined || labels === undefined) return undefined;
  const seen = new Map<number, number>();
  const isTest = [...labels].map((label) => {
    const nth = seen.get(label) ?? 0;
    seen.set(label, nth + 1);
    return nth % FOLD === FOLD - 1;
  });
  const indices = [...labels.keys()];
  const test = subset(
    folder,
    indices.filter((i) => isTest[i]),
  );
  if (test.length === 0) return undefined;
  return {
    train: atMost(
      subset(
        folder,
        indices.filter((i) => !isTest[i]),
      ),
      MOST.train,
    ),
    test: atMost(test, MOST.test),
    classes: classes.length,
    heldOut: 'pictures whose labels were held out; the pretraining saw them without',
  };
}

/** Evenly spread pictures, so that sorted classes stay in proportion. */
function atMost(dataset: Dataset, most: number): Dataset {
  if (dataset.length <= most) return dataset;
  return subset(
    dataset,
    Array.from({ length: most }, (_, i) => Math.floor((i * dataset.length) / most)),
  );
}

function notesOf(asked: string, path: string, { broken }: ImageFolder): string[] {
  const notes = asked === path ? [] : [`training on ${path}`];
  if (broken.length === 0) return notes;
  const first = broken[0];
  return [
    ...notes,
    `left out ${broken.length} damaged file(s), the first: ${first?.name} (${first?.reason})`,
  ];
}
