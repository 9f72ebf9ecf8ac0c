import { resolve } from 'node:path';
import { atMost, type Dataset, drawnSets } from '@twocan/data';
import type { ImageFolder, LeftOut } from '@twocan/data/node';
import { isFolder } from '../files/is-folder.ts';
import type { DataFacts } from '../run/config.ts';
import { usageError } from '../terminal/failure.ts';
import { type Evaluation, MOST, type Most } from './evaluation-sets.ts';
import {
  type Evaluated,
  evaluateFolder,
  type OpenedFolder,
  openFolder,
} from './layout/evaluate.ts';
import { evaluateOn } from './layout/evaluate-on.ts';
import { leftOutLine, refused } from './layout/left-out.ts';
import { type CacheFlags, type Room, roomFor } from './layout/open-images.ts';
import { oneColourNote } from './one-colour.ts';

/** Data ready for a run. */
export type OpenedData = DataFacts & {
  readonly dataset: Dataset & Pick<ImageFolder, 'parts'>;
  /** Absent where classes are not known. */
  readonly evaluation?: Evaluation;
  /** Every file that is not used; grows when a large folder meets a damaged one later. */
  readonly leftOut: () => readonly LeftOut[];
  /** What the user should know before the run: first which images are used, and for what. */
  readonly notes: () => readonly string[];
  readonly close: () => Promise<void>;
};

/** Data with classes. */
export type LabelledData = OpenedData & { readonly evaluation: Evaluation };

/** The data that a user names. */
export type Asked = CacheFlags & {
  readonly data?: string;
  readonly evalData?: string;
  /** Largest number of pictures of the evaluation. */
  readonly most?: Most;
  /** Whether the pretraining sees, or saw, the images of a folder; unless given it did not. */
  readonly seen?: (source: string) => boolean;
};

/** What `shapes` without a count means. */
const DEFAULT_COUNT = 2000;

/**
 * Opens what `--data` and `--eval-data` name.
 *
 * @param asked.data `shapes`, `shapes:COUNT` or a folder; the built-in shapes unless given. A folder
 *   that is called shapes is meant before the built-in ones
 * @param asked.evalData a folder of labelled pictures; default those of the data
 * @param asked.cache megabytes of decoded images to keep; `cacheDir` and `cacheDirSize` likewise on a disk
 * @param asked.most largest number of pictures of the evaluation; default 2000 and 500
 * @param image the model's image size
 * @returns the data; the caller closes it
 * @throws Failure (exit code 2) for a count or a folder that cannot be used
 */
export async function openData(
  { data, evalData, most = MOST, seen = () => false, ...caches }: Asked,
  image: Room['image'],
): Promise<OpenedData> {
  const room = roomFor({ image }, caches);
  const rules = { room, most, seen };
  const other = evalData === undefined ? undefined : resolve(evalData);
  if (isBuiltIn(data)) {
    const { dataset, source, own } = drawShapes(data?.split(':')[1], image.width, most);
    const evaluated = other === undefined ? own : await evaluateOn(other, undefined, rules);
    return together(source, dataset, evaluated, { notes: [], leftOut: evaluated.leftOut });
  }
  const folder = await openFolder(resolve(data), room, other);
  const { dataset, source, layout, listed } = folder;
  try {
    const evaluated =
      other === undefined
        ? await evaluateFolder(folder, rules)
        : await evaluateOn(other, folder, rules);
    const notes = [
      ...(data === 'shapes' ? [`--data shapes is the folder ${source}; shapes:2000 draws`] : []),
      ...oneColourNote(dataset),
      ...(await smallImages(folder, image)),
    ];
    return together(source, dataset, evaluated, {
      notes,
      close: dataset.close,
      leftOut: () => [
        ...listed.leftOut,
        ...refused(dataset.broken, layout.train.folder),
        ...evaluated.leftOut(),
      ],
      remarks: layout.remarks,
    });
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

function together(
  source: string,
  dataset: OpenedData['dataset'],
  { evaluation, pieces, close: closeOther }: Evaluated,
  of: {
    readonly notes: readonly string[];
    readonly remarks?: readonly string[];
    readonly leftOut: () => readonly LeftOut[];
    readonly close?: () => Promise<void>;
  },
): OpenedData {
  return {
    source,
    length: dataset.length,
    dataset,
    ...(evaluation && { evaluation }),
    leftOut: of.leftOut,
    notes: () => {
      const line = [...pieces, ...(of.remarks ?? []), leftOutLine(of.leftOut()) ?? []].flat();
      return [...(line.length > 0 ? [`data: ${line.join('; ')}`] : []), ...of.notes];
    },
    close: async () => {
      await Promise.all([of.close?.(), closeOther()]);
    },
  };
}

/**
 * The same for what needs classes.
 *
 * @throws Failure (exit code 2) also for data without
 */
export async function openLabelled(asked: Asked, image: Room['image']): Promise<LabelledData> {
  const data = await openData(asked, image);
  const { evaluation } = data;
  if (evaluation !== undefined) return { ...data, evaluation };
  await data.close();
  const classes = data.dataset.classes?.length ?? 0;
  const wrong =
    classes < 2
      ? 'has no classes; give a folder with one folder a class'
      : 'has no class that is large enough; give each class 5 images or more, or a folder with a test part';
  throw usageError(`--data ${asked.data} ${wrong} (${data.notes()[0]})`);
}

/** Whether the shapes are meant that this program draws. */
function isBuiltIn(data: string | undefined): data is `shapes:${string}` | 'shapes' | undefined {
  if (data === undefined || data.startsWith('shapes:')) return true;
  return data === 'shapes' && !isFolder(data);
}

function drawShapes(
  word: string | undefined,
  size: number,
  most: Most,
): { readonly source: string; readonly dataset: Dataset; readonly own: Evaluated } {
  const count = word === undefined ? DEFAULT_COUNT : Number(word);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw usageError(`--data shapes:COUNT needs a whole number of at least 1, got shapes:${word}`);
  }
  const { train, test, source, evaluation: about } = drawnSets({ count, size });
  const evaluation = {
    train: atMost(train, most.train),
    test: atMost(test, most.test),
    classes: train.classes?.length ?? 0,
    heldOut: 'held-out drawings',
    source: about,
  };
  const own = { evaluation, pieces: [], leftOut: () => [], close: async () => undefined };
  return { source, dataset: train, own };
}

/** Counts the images that must be enlarged, from those that are in memory anyway. */
async function smallImages(
  { dataset }: OpenedFolder,
  { height, width }: Room['image'],
): Promise<string[]> {
  if (!dataset.inMemory) return [];
  let small = 0;
  for (let i = 0; i < dataset.length; i++) {
    const image = await dataset.image(i);
    if (image.width < width || image.height < height) small++;
  }
  if (small === 0) return [];
  return [
    `${small} of ${dataset.length} images ${small === 1 ? 'is' : 'are'} smaller than ${width}x${height} and ${small === 1 ? 'is' : 'are'} enlarged; a smaller --image-size may serve better`,
  ];
}
