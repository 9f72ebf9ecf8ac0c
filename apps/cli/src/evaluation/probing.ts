import { key } from '@twocan/core';
import { printable } from '@twocan/data/node';
import {
  type Classification,
  confusionMatrix,
  type ProbeRecipe,
  probeAccuracy,
  probeRecipes,
} from '@twocan/evaluate';
import { type Compared, eachOf } from '@twocan/pretrain';
import { writeConfusion } from '../draw/confusion.ts';
import { checkOutput } from '../files/outputs.ts';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { percent } from '../terminal/percent.ts';
import { progressOf } from '../terminal/progress.ts';
import { type EvaluationRequest, evaluateModel } from './evaluate-model.ts';

/** A model, labelled images, and how the probe is trained. */
export type ProbeRequest = EvaluationRequest & {
  readonly optimizer: ProbeRecipe['optimizer'];
  readonly epochs?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly weightDecay?: number;
  readonly seed: number;
  /** Where the picture of confusions goes. */
  readonly confusion?: string;
};

/** Accuracies of linear probes in [0, 1], and what they are of. */
export type ProbeScores = Compared<number> & {
  /** The checkpoint's file. */
  readonly checkpoint: string;
  readonly step: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly classes: number;
  /** Of the trained encoder; null for a class without test images. */
  readonly perClass: Readonly<Record<string, number | null>>;
  readonly recipe: ProbeRecipe;
};

/**
 * Trains a linear probe on the features of a labelled folder, with two baselines, raw pixels and the untrained
 * encoder.
 *
 * @param request model, folder and recipe
 * @returns what it reaches, and the images that it is of
 * @throws Failure (exit code 2) when the folder has no classes
 */
export async function measureProbe(
  request: ProbeRequest,
): Promise<{ readonly result: ProbeScores; readonly evaluation: Evaluation }> {
  const { optimizer, epochs, batch, lr, weightDecay, seed, confusion } = request;
  checkOutput(request, { flag: 'confusion', endings: ['.png'] });
  const given = Object.entries({ epochs, batch, base: lr, weightDecay });
  const recipe: ProbeRecipe = {
    ...probeRecipes[optimizer],
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  };
  const { scores, evaluation, ...of } = await evaluateModel(request, (sides) =>
    probeAccuracy({
      ...sides,
      key: key(seed),
      recipe,
      progress: progressOf('training the probe, steps').count,
    }),
  );
  const { train, test, classes } = evaluation;
  const names = test.classes ?? [];
  const { trained } = scores;
  if (confusion !== undefined) {
    const counts = confusionMatrix(test.labels ?? new Int32Array(0), trained.predictions, classes);
    await writeConfusion(confusion, counts, names);
  }
  const accuracies = eachOf(scores, ({ accuracy }: Classification) => accuracy);
  const perClass = byClass(names, trained);
  const counts = { trainImages: train.length, testImages: test.length, classes };
  return { result: { ...of, ...accuracies, ...counts, perClass, recipe }, evaluation };
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
 * The accuracy of each class, by its name.
 *
 * @param names of the classes
 * @param result their accuracies
 * @returns null for a class without images
 */
export function byClass(
  names: readonly string[],
  { perClass }: Pick<Classification, 'perClass'>,
): Readonly<Record<string, number | null>> {
  const share = (accuracy = Number.NaN): number | null =>
    Number.isNaN(accuracy) ? null : accuracy;
  return Object.fromEntries(names.map((name, c) => [name, share(perClass[c])]));
}

/**
 * One line for each class, the worst first.
 *
 * @param perClass accuracies by the names of the classes; null where there are no images
 * @returns lines such as `  41.5%  cat`
 */
export function classLines(perClass: Readonly<Record<string, number | null>>): string[] {
  return Object.entries(perClass)
    .flatMap(([name, share]) => (share === null ? [] : [{ name, share }]))
    .sort((a, b) => a.share - b.share)
    .map(({ name, share }) => `${percent(share).padStart(7)}  ${printable(name)}`);
}
