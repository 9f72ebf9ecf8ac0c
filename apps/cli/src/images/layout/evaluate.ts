import { join } from 'node:path';
import type { Dataset } from '@twocan/data';
import { type ImageFolder, type LeftOut, printable } from '@twocan/data/node';
import { usageError } from '../../terminal/failure.ts';
import {
  between,
  type Evaluation,
  FOLD,
  type Labelled,
  labelledPart,
  type Most,
  within,
} from '../evaluation-sets.ts';
import { classOfName, knownOnly, type Layout, type Part, readLayout } from './layout.ts';
import { refused } from './left-out.ts';
import { matchClasses } from './match-classes.ts';
import { expectSome, type ListedFolder, listParts, openPart, type Room } from './open-images.ts';
import { isSamePlace, placeIn, sharedFolders } from './same-place.ts';

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
  const source = join(listed.root, whole.train.folder);
  const within = evalData === undefined ? undefined : placeIn(source, evalData);
  const layout =
    within === undefined
      ? whole
      : readLayout(withoutFolder(listed.images, join(whole.train.folder, within)));
  if (layout.train.names.length === 0) {
    throw usageError(`--data ${printable(path)} holds no images but those of --eval-data`);
  }
  return { source, dataset: await openPart(listed.root, layout.train, room), listed, layout };
}

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
  const other =
    part === train ? undefined : await openPart(listed.root, part, room).catch(() => null);
  if (other === null) return evaluateFolder(withoutTest(folder, part), rules);
  const path = join(listed.root, part.folder);
  const close = async (): Promise<void> => other?.close();
  const leftOut = (): readonly LeftOut[] => [
    ...layout.leftOut,
    ...refused(other?.broken ?? [], part.folder),
  ];
  if (tested.by === 'training part' && other !== undefined && labelled !== undefined) {
    const classOf = classOfName(part);
    const test = labelledPart(
      other,
      (name) => tested.classOf.get(classOf(name)) ?? '',
      labelled.classes,
    );
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
    ...{ ...folder, listed: { ...listed, images } },
    layout: { ...rest, ...(tested && { tested }), leftOut },
  };
}

/**
 * Evaluates on another folder, as the test part of the data's own classes where it has any of them,
 * else on its own.
 *
 * @param path the folder of `--eval-data`
 * @param data the data's folder; none for the built-in shapes
 * @param rules see {@link EvaluationRules}
 * @returns labelled pictures; the caller closes them
 * @throws Failure (exit code 2) for a folder without classes
 */
export async function evaluateOn(
  path: string,
  data: OpenedFolder | undefined,
  rules: EvaluationRules,
): Promise<Evaluated> {
  const listed = await listParts(path, '--eval-data');
  await expectSome(path, listed);
  const layout = readLayout(listed.images);
  const { root } = listed;
  const source = join(root, layout.train.folder);
  if (layout.tested === undefined) {
    throw usageError(
      `--eval-data ${printable(path)} has no classes; give a folder with one folder a class`,
    );
  }
  const rest = (): readonly LeftOut[] => [
    ...(data === undefined ? [] : unusedBy(data, join(root, layout.tested?.part.folder ?? ''))),
    ...[...listed.leftOut, ...layout.leftOut].map((one) => ({
      ...one,
      name: join(root, one.name),
    })),
  ];
  const labelled = data && labelledPart(data.dataset, classOfName(data.layout.train));
  const { part } = layout.tested;
  const shared = data && sharedFolders(data.source, data.layout.train, root, part);
  if (data !== undefined && labelled !== undefined && shared === 'none') {
    const { classOf, remarks } = matchClasses(labelled.classes, part.classes);
    if (classOf.size > 0) {
      const known = knownOnly(part, classOf);
      const images = await openPart(root, known.part, rules.room);
      const nameOf = classOfName(part);
      const test = labelledPart(
        images,
        (name) => classOf.get(nameOf(name)) ?? '',
        labelled.classes,
      );
      if (test !== undefined) {
        const where = join(root, part.folder);
        const about = trainPiece(data.dataset, data.source, labelled, data.layout.train);
        return {
          evaluation: between(labelled, test, where, rules.most),
          pieces: [about, ...testPieces(test, where), ...remarks],
          leftOut: () => [
            ...rest(),
            ...(part === layout.train || isSamePlace(source, data.source)
              ? []
              : [unevaluated(source, layout.train)]),
            ...known.leftOut.map((one) => ({ ...one, name: join(root, one.name) })),
            ...refused(images.broken, where),
          ],
          close: images.close,
        };
      }
      await images.close();
    }
  }
  const dataset = await openPart(root, layout.train, rules.room);
  const folder: OpenedFolder = { source, dataset, listed, layout };
  const own = await evaluateFolder(folder, {
    ...rules,
    seen: () => data !== undefined && shared === 'all' && rules.seen(data.source),
  });
  const close = async (): Promise<void> => {
    await Promise.all([dataset.close(), own.close()]);
  };
  if (own.evaluation === undefined) {
    await close();
    throw usageError(`--eval-data ${printable(path)} cannot be used: ${own.pieces.join('; ')}`);
  }
  return {
    evaluation: own.evaluation,
    pieces: ['evaluated apart from the data', ...own.pieces, ...layout.remarks],
    leftOut: () => [
      ...(data === undefined ? [] : unusedBy(data, source)),
      ...[...listed.leftOut, ...own.leftOut()].map((one) => ({
        ...one,
        name: join(root, one.name),
      })),
      ...refused(dataset.broken, source),
    ],
    close,
  };
}

const unevaluated = (source: string, { names }: Part): LeftOut => ({
  name: `${source}/`,
  reason: 'only the test part of --eval-data is evaluated',
  files: names.length,
});

/** What is left out of the data when another folder is evaluated, unless it is a part of the data. */
function unusedBy(
  { listed: { root }, layout: { tested, train, leftOut } }: OpenedFolder,
  evaluated: string,
): LeftOut[] {
  if (tested === undefined || tested.part === train) return [...leftOut];
  if (isSamePlace(join(root, tested.part.folder), evaluated)) return [...leftOut];
  const { folder, names } = tested.part;
  const reason = '--eval-data is evaluated instead';
  return [...leftOut, { name: `${folder}/`, reason, files: names.length }];
}

function trainPiece(
  dataset: Dataset,
  source: string,
  labelled: Labelled | undefined,
  part: Part,
): string {
  const images = `${dataset.length} images of ${printable(source)}`;
  if (labelled === undefined) return images;
  const classOf = classOfName(part);
  const without = dataset.length - labelled.length;
  const gone = part.classes.filter((name) => !labelled.classes.includes(name));
  const classes =
    `${images} in ${labelled.classes.length} classes` +
    (gone.length === 0 ? '' : ` (no image of ${listedNames(gone)} can be decoded)`);
  if (without === 0) return classes;
  const index = Array.from({ length: dataset.length }, (_, i) => i).find(
    (i) => classOf(dataset.name(i)) === '',
  );
  const first = printable(dataset.name(index ?? 0));
  return `${classes}, ${without} without a class and not evaluated (first: ${first})`;
}

function testPieces(test: Labelled, path: string): string[] {
  const met = new Set(test.labels);
  const missing = test.classes.filter((_, label) => !met.has(label));
  return [
    `evaluated on ${test.length} images of ${printable(path)} in ${met.size} classes`,
    ...neverTested(missing),
  ];
}

/** Of a folder that is tested by a fifth of itself. */
function fifthPieces({ labels, classes }: Labelled, path: string | undefined): string[] {
  const counts = new Int32Array(classes.length);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const held = counts.reduce((sum, count) => sum + Math.floor(count / FOLD), 0);
  const few = classes.flatMap((name, label) => {
    const count = counts[label] ?? 0;
    return count < FOLD ? [`${name} (${count} of the ${FOLD} images that are needed)`] : [];
  });
  return [
    held === 0
      ? 'not evaluated: every class is too small'
      : `evaluated on ${held} ${path === undefined ? 'of them' : 'images'}, every fifth of a class${path === undefined ? '' : ` of ${printable(path)}`}`,
    ...neverTested(few),
  ];
}

const MOST_NAMES = 5;

function neverTested(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`never tested: ${listedNames(names)}`];
}

function listedNames(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return names.slice(0, MOST_NAMES).map(printable).join(', ') + more;
}
