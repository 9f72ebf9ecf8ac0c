import { join } from 'node:path';
import type { Dataset } from '@twocan/data';
import { type ImageFolder, type LeftOut, printable } from '@twocan/data/node';
import { usageError } from '../../terminal/failure.ts';
import {
  between,
  type Evaluation,
  type Labelled,
  labelledPart,
  type Most,
  within,
} from '../evaluation-sets.ts';
import { classOfName, type Layout, type Part, readLayout } from './layout.ts';
import { refused } from './left-out.ts';
import { expectSome, type ListedFolder, listParts, openPart, type Room } from './open-images.ts';
import { fifthPieces, testPieces, trainPiece } from './pieces.ts';
import { placeIn } from './same-place.ts';

/** What to evaluate with: how many pictures, and whether the pretraining saw those of a folder. */
export type EvaluationRules = {
  readonly room: Room;
  readonly most: Most;
  readonly seen: (source: string) => boolean;
};

/** A folder whose training part is open. */
export type OpenedFolder = {
  /** Where the training part lies. */
  readonly source: string;
  readonly dataset: ImageFolder;
  readonly listed: ListedFolder;
  readonly layout: Layout;
};

/** Labelled pictures, or the reason why there are none. */
export type Evaluated = {
  readonly evaluation?: Evaluation;
  /** What is used, in pieces of a line. */
  readonly pieces: readonly string[];
  readonly leftOut: () => readonly LeftOut[];
  readonly close: () => Promise<void>;
};

/**
 * Opens a folder: its layout, and the images of its training part.
 *
 * @param path the folder
 * @param room the model's image size, and how much memory decoded images may take
 * @param evalData the folder of `--eval-data`: where it lies among the training images, it is none of them
 * @returns the folder; the caller closes its data set
 * @throws Failure (exit code 2) for a folder that cannot be used
 */
export async function openFolder(
  path: string,
  room: Room,
  evalData?: string,
): Promise<OpenedFolder> {
  const listed = await listParts(path);
  await expectSome(path, listed);
  const whole = readLayout(listed.images);
  const source = sourceOf(listed, whole);
  const within = evalData === undefined ? undefined : placeIn(source, evalData);
  const layout =
    within === undefined
      ? whole
      : readLayout(withoutFolder(listed.images, join(whole.train.folder, within)));
  if (layout.train.names.length === 0) {
    throw usageError(`--data ${printable(path)} holds no images but those of --eval-data`);
  }
  return { source, dataset: await openPart(listed, layout.train, room), listed, layout };
}

/**
 * Where the training part lies.
 *
 * @param listed the folder
 * @param layout what it is made of
 * @returns its folder, or the shards that hold it
 */
export const sourceOf = ({ source, root }: ListedFolder, { train }: Layout): string =>
  source ?? join(root, train.folder);

const withoutFolder = (images: readonly string[], folder: string): string[] =>
  images.filter((name) => !name.startsWith(`${folder}/`));

/**
 * Evaluates on the folder itself: its test part, or a fifth of each class.
 *
 * @param folder the folder
 * @param rules see {@link EvaluationRules}
 * @returns labelled pictures; the caller closes them
 */
export async function evaluateFolder(
  folder: OpenedFolder,
  rules: EvaluationRules,
): Promise<Evaluated> {
  const { source, dataset, listed, layout } = folder;
  const { room, most, seen } = rules;
  const { train, tested } = layout;
  const labelled = labelledPart(dataset, classOfName(train));
  const about = [trainPiece(dataset, source, labelled, train)];
  if (tested === undefined) {
    return {
      pieces: [...about, 'not evaluated: fewer than two class folders'],
      leftOut: () => layout.leftOut,
      close: async () => undefined,
    };
  }
  const { part } = tested;
  const other = part === train ? undefined : await openPart(listed, part, room).catch(() => null);
  if (other === null) return evaluateFolder(withoutTest(folder, part), rules);
  const path = join(listed.root, part.folder);
  const close = async (): Promise<void> => other?.close();
  const leftOut = (): readonly LeftOut[] => [
    ...layout.leftOut,
    ...refused(other?.broken ?? [], part.folder),
  ];
  if (tested.by === 'training part' && other !== undefined && labelled !== undefined) {
    const test = inClassesOf(labelled, other, part, tested.classOf);
    if (test !== undefined) {
      const evaluation = between(labelled, test, path, most);
      return { evaluation, pieces: [...about, ...testPieces(test, path)], leftOut, close };
    }
  }
  const own =
    tested.by === 'itself' && other !== undefined
      ? labelledPart(other, classOfName(part))
      : labelled;
  const evaluation = own && within(own, path, { most, seen: other === undefined && seen(source) });
  const pieces =
    own === undefined ? ['not evaluated: fewer than two classes'] : fifthPieces(own, other && path);
  return { ...(evaluation && { evaluation }), pieces: [...about, ...pieces], leftOut, close };
}

/** The folder as if its test part were not there: no image of that can be decoded. */
function withoutTest(folder: OpenedFolder, part: Part): OpenedFolder {
  const { layout, listed } = folder;
  const { train } = layout;
  const images = withoutFolder(listed.images, part.folder);
  const next = readLayout(images);
  const same = next.train.folder === train.folder;
  const tested =
    same && next.tested !== undefined && next.tested.part !== next.train
      ? next.tested
      : train.classes.length > 0 && ({ by: 'itself', part: train } as const);
  const gone = {
    name: `${part.folder}/`,
    reason: 'a part of which no image can be decoded',
    files: part.names.length,
  };
  const { tested: _, ...rest } = layout;
  const leftOut = [...(same ? next.leftOut : layout.leftOut), gone];
  return {
    ...folder,
    listed: { ...listed, images },
    layout: { ...rest, ...(tested && { tested }), leftOut },
  };
}

/**
 * The pictures of a part whose classes are among those of other pictures.
 *
 * @param labelled the others
 * @param images those of the part
 * @param part the part
 * @param classOf the others' name of a class of the part
 * @returns the pictures, labelled as the others; undefined where none has one of their classes
 */
export function inClassesOf(
  { classes }: Labelled,
  images: Dataset,
  part: Part,
  classOf: ReadonlyMap<string, string>,
): Labelled | undefined {
  const nameOf = classOfName(part);
  return labelledPart(images, (name) => classOf.get(nameOf(name)) ?? '', classes);
}
