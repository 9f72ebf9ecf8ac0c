import { join } from 'node:path';
import { type LeftOut, printable } from '@twocan/data/node';
import { usageError } from '../../terminal/failure.ts';
import { between, labelledPart } from '../evaluation-sets.ts';
import {
  type Evaluated,
  type EvaluationRules,
  evaluateFolder,
  inClassesOf,
  type OpenedFolder,
  sourceOf,
} from './evaluate.ts';
import { classOfName, knownOnly, type Part, readLayout } from './layout.ts';
import { refused, under } from './left-out.ts';
import { matchClasses } from './match-classes.ts';
import { expectSome, listParts, openPart } from './open-images.ts';
import { testPieces, trainPiece } from './pieces.ts';
import { isSamePlace, sharedFolders } from './same-place.ts';

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
  const source = sourceOf(listed, layout);
  if (layout.tested === undefined) {
    throw usageError(
      `--eval-data ${printable(path)} has no classes; give a folder with one folder a class`,
    );
  }
  const rest = (): readonly LeftOut[] => [
    ...(data === undefined ? [] : unusedBy(data, join(root, layout.tested?.part.folder ?? ''))),
    ...under(root, [...listed.leftOut, ...layout.leftOut]),
  ];
  const labelled = data && labelledPart(data.dataset, classOfName(data.layout.train));
  const { part } = layout.tested;
  const shared = data && sharedFolders(data.source, data.layout.train, root, part);
  if (data !== undefined && labelled !== undefined && shared === 'none') {
    const { classOf, remarks } = matchClasses(labelled.classes, part.classes);
    if (classOf.size > 0) {
      const known = knownOnly(part, classOf);
      const images = await openPart(listed, known.part, rules.room);
      const test = inClassesOf(labelled, images, part, classOf);
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
            ...under(root, known.leftOut),
            ...refused(images.broken, where),
          ],
          close: images.close,
        };
      }
      await images.close();
    }
  }
  const dataset = await openPart(listed, layout.train, rules.room);
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
      ...under(root, [...listed.leftOut, ...own.leftOut()]),
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
