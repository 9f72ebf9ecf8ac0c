import { key } from '@twocan/core';
import { printable } from '@twocan/data/node';
import {
  type Classification,
  confusionMatrix,
  type ProbeRecipe,
  probeAccuracy,
} from '@twocan/evaluate';
import { type Compared, eachOf } from '@twocan/pretrain';
import { writeConfusion } from '../draw/confusion.ts';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { percent } from '../terminal/percent.ts';
import { progressOf } from '../terminal/progress.ts';
import { judged, type Question } from './judging.ts';

/** What `twocan probe` was asked. */
export type ProbeRequest = Question & {
  readonly recipe: ProbeRecipe;
  readonly seed: number;
  /** Where the picture of confusions goes. */
  readonly confusion?: string;
  readonly perClass: boolean;
};

/**
 * Trains a linear probe on the features of a labelled folder, beside raw pixels and the untrained
 * encoder, and prints what it reaches.
 *
 * @param request model, folder and recipe
 */
export async function judgeByProbe(request: ProbeRequest): Promise<void> {
  const { recipe, seed, confusion, json } = request;
  const { answers, evaluation, ...of } = await judged(request, (sides) =>
    probeAccuracy({
      ...sides,
      key: key(seed),
      recipe,
      progress: progressOf('training the probe, steps').count,
    }),
  );
  const { train, test, classes } = evaluation;
  const names = test.classes ?? [];
  const { trained } = answers;
  if (confusion !== undefined) {
    const counts = confusionMatrix(test.labels ?? new Int32Array(0), trained.predictions, classes);
    await writeConfusion(confusion, counts, names);
  }
  const accuracies = eachOf(answers, ({ accuracy }: Classification) => accuracy);
  const perClass = Object.fromEntries(names.map((name, c) => [name, trained.perClass[c] ?? null]));
  if (json) {
    const counts = { trainImages: train.length, testImages: test.length, classes };
    console.log(JSON.stringify({ ...of, ...accuracies, ...counts, perClass, recipe }));
    return;
  }
  console.log(probeLine(accuracies, evaluation));
  if (request.perClass) console.log(classLines(names, trained).join('\n'));
  if (confusion !== undefined) console.log(`confusions: ${confusion}`);
}

/**
 * The comparison as a line.
 *
 * @param accuracies of the probe, 0 to 1
 * @param evaluation the labelled pictures of both sides
 * @returns one line
 */
export function probeLine(
  { trained, rawPixels, untrained }: Compared<number>,
  { train, test, heldOut, classes }: Evaluation,
): string {
  return (
    `linear probe top-1: ${percent(trained)} (raw pixels ${percent(rawPixels)}, ` +
    `untrained encoder ${percent(untrained)}; ${test.length} ${heldOut}, ${classes} classes, ` +
    `trained on ${train.length})`
  );
}

/**
 * One line for each class, the worst first.
 *
 * @param names of the classes
 * @param result their accuracies
 * @returns lines such as `  41.5%  cat`
 */
export function classLines(
  names: readonly string[],
  { perClass }: Pick<Classification, 'perClass'>,
): string[] {
  return names
    .map((name, c) => ({ name, share: perClass[c] ?? Number.NaN }))
    .filter(({ share }) => !Number.isNaN(share))
    .sort((a, b) => a.share - b.share)
    .map(({ name, share }) => `${percent(share).padStart(7)}  ${printable(name)}`);
}
