import { resolve } from 'node:path';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import { type Classification, confusionMatrix } from '@twocan/evaluate';
import type { Machine } from '../args/machine.ts';
import { writeConfusion } from '../draw/confusion.ts';
import { byClass } from '../evaluation/probing.ts';
import { isPlace } from '../files/path-names.ts';
import { type LabelledData, openLabelled } from '../images/datasets.ts';
import { EVERY, type Evaluation } from '../images/evaluation-sets.ts';
import { stopped } from '../pretrain/stopped.ts';
import { applyRules } from '../pretrain/without-effect.ts';
import { keepMarks, knowImages, sameImages, whereImagesAre } from '../run/data-identity.ts';
import { checkMemory } from '../run/enough-memory.ts';
import { alone } from '../run/interruptible.ts';
import {
  checkNewRun,
  checkOldRun,
  clearRun,
  readRunConfig,
  rewriteRun,
} from '../run/run-folder.ts';
import { startBackend } from '../run/start-backend.ts';
import { usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { percent } from '../terminal/percent.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { evaluateClassifier } from './evaluate-classifier.ts';
import { type FinetuneFolder, finetuneFolder } from './folder.ts';
import {
  beginningOf,
  checkBeginning,
  dataFacts,
  type FinetuneAsked,
  type FinetunePlan,
  planProblems,
} from './plan.ts';
import { FINETUNE_RULES } from './rules.ts';
import { trainClassifier } from './train.ts';

/** Where a classifier is kept, and what else is written. */
export type FinetuneRequest = Machine & {
  readonly out?: string;
  readonly confusion?: string;
  /** Does the training with a signal that stops it between two steps, after a checkpoint. */
  readonly stoppable: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
};

/** What a classifier reaches on held-out images, and how it was trained. */
export type FinetuneScores = {
  /** The checkpoint that it began with; null from scratch. */
  readonly from: string | null;
  /** Top-1 in [0, 1]. */
  readonly accuracy: number;
  /** Null for a class without test images. */
  readonly perClass: Readonly<Record<string, number | null>>;
  readonly steps: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly classes: number;
  readonly recipe: FinetunePlan['recipe'];
};

/** How it went. */
export type FinetuneOutcome =
  | { readonly finished: true; readonly result: FinetuneScores; readonly evaluation: Evaluation }
  | {
      readonly finished: false;
      /** The command that goes on with it, ready to be pasted; nothing is kept without a folder. */
      readonly goOn?: string;
    };

/** A classifier that is to be trained. */
export type NewFinetune = FinetuneRequest & FinetuneAsked & { readonly overwrite: boolean };

/**
 * Trains encoder and head on a labelled folder, and evaluates them on held-out images.
 *
 * Everything that can be wrong with the request is found before the folder is touched.
 *
 * @param request where to begin, folder and recipe
 * @returns what they reach, or that the signal ended it
 * @throws Failure (exit code 2) for a folder without classes or with fewer images than a batch
 */
export async function finetune(request: NewFinetune): Promise<FinetuneOutcome> {
  const { data, recipeFor, out } = request;
  const folder = out === undefined ? undefined : finetuneFolder(out);
  if (folder !== undefined) checkNewRun(folder, request.overwrite);
  checkBeginning(request);
  const { name: backend } = await startBackend(request);
  const beginning = await beginningOf(request);
  return onImages({ ...request, data }, beginning.encoder.image, async (opened) => {
    const { evaluation } = opened;
    const { length } = evaluation.train;
    const recipe = recipeFor(length);
    if (recipe.batch > length) {
      throw usageError(`--batch ${recipe.batch} is more than the ${length} images to learn from`);
    }
    applyRules(FINETUNE_RULES, { ...request, recipe });
    const cost = { encoder: beginning.encoder, views: 1, maskRatio: 0 } as const;
    const sizes = beginning.from === null ? '--image-size or --preset' : 'model';
    checkMemory({ cost, batch: recipe.batch, backend, sizes });
    message(`${length} images to learn from, batch ${recipe.batch}`);
    const known = await knowImages(opened);
    const plan = {
      ...beginning,
      data: isPlace(opened.source) ? resolve(data) : data,
      ...(known && { images: known.identity }),
      ...dataFacts(evaluation),
      recipe,
      backend,
    };
    if (folder === undefined) return carryOut(request, plan, evaluation);
    return alone(folder, async () => {
      clearRun(folder, plan);
      if (known !== undefined) await keepMarks(folder.images, known.marks);
      return carryOut(request, plan, evaluation, folder);
    });
  });
}

/**
 * Goes on with a classifier where it was interrupted: in the end it has the bits that it would have had.
 *
 * @param request the folder, and where the images are now if they have moved
 * @returns what they reach, or that the signal ended it
 * @throws Failure (exit code 2) when no classifier is there, or its images have changed
 */
export async function resumeFinetune(
  request: FinetuneRequest & { readonly out: string; readonly data?: string },
): Promise<FinetuneOutcome> {
  const folder = finetuneFolder(request.out);
  const plan = readRunConfig<FinetunePlan>(folder, planProblems);
  checkOldRun(folder);
  const given = request.data === undefined ? {} : { data: request.data };
  const before = { data: plan.data, options: { data: plan.data } };
  const { data = plan.data } = { ...whereImagesAre(before, given), ...given };
  await startBackend({ ...request, backend: plan.backend });
  return onImages({ ...request, data }, plan.encoder.image, async (opened) => {
    const { evaluation } = opened;
    const { classes, trainImages } = dataFacts(evaluation);
    const { known, notes } = await sameImages(folder, plan, opened);
    for (const note of notes) message(note);
    if (trainImages !== plan.trainImages || String(classes) !== String(plan.classes)) {
      throw usageError(
        `--resume: ${data} has ${trainImages} images of ${classes.length} classes to learn from, and had ${plan.trainImages} of ${plan.classes.length}; restore them or start anew`,
      );
    }
    const moved = { ...plan, data: isPlace(opened.source) ? resolve(data) : data };
    const now = known === undefined ? moved : { ...moved, images: known.identity };
    return alone(folder, async () => {
      await rewriteRun(folder, plan, now, known?.marks);
      return carryOut(request, now, evaluation, folder);
    });
  });
}

async function onImages<T>(
  asked: Machine & { readonly data: string },
  image: FinetunePlan['encoder']['image'],
  work: (data: LabelledData) => Promise<T>,
): Promise<T> {
  const data = await openLabelled({ ...asked, most: EVERY }, image);
  for (const note of data.notes()) message(note);
  try {
    return await work(data);
  } finally {
    await data.close();
  }
}

async function carryOut(
  request: FinetuneRequest,
  plan: FinetunePlan,
  evaluation: Evaluation,
  folder?: FinetuneFolder,
): Promise<FinetuneOutcome> {
  const goOn = folder && shellLine(['twocan', 'finetune', '--resume', '--out', folder.path]);
  const { params, steps, finished } = await request
    .stoppable((signal) => trainClassifier(plan, evaluation.train, signal, folder))
    .catch(async (error: unknown) => {
      if (folder === undefined || goOn === undefined) throw error;
      throw await stopped(error, { checkpoints: folder.checkpoints, goOn });
    });
  try {
    if (!finished) return { finished, ...(goOn !== undefined && { goOn }) };
    const scores = await evaluateClassifier(params, plan, evaluation);
    const result = scoresOf(plan, evaluation, scores, steps);
    if (request.confusion !== undefined) {
      const { test, classes } = evaluation;
      const counts = confusionMatrix(test.labels ?? new Int32Array(0), scores.predictions, classes);
      await writeConfusion(request.confusion, counts, test.classes ?? []);
    }
    if (folder) await writeFileAtomic(folder.result, `${JSON.stringify(result, null, 2)}\n`);
    return { finished, result, evaluation };
  } finally {
    disposeTree(params);
  }
}

const scoresOf = (
  { from, recipe }: FinetunePlan,
  { train, test, classes }: Evaluation,
  judged: Classification,
  steps: number,
): FinetuneScores => ({
  from,
  accuracy: judged.accuracy,
  perClass: byClass(test.classes ?? [], judged),
  steps,
  trainImages: train.length,
  testImages: test.length,
  classes,
  recipe,
});

/**
 * The result as a line.
 *
 * @param result of {@link finetune}
 * @param evaluation the images that it is of
 * @returns one line
 */
export function finetuneLine(
  { from, accuracy, trainImages, testImages, classes }: FinetuneScores,
  { heldOut }: Evaluation,
): string {
  const began = from === null ? 'from scratch' : `from ${from}`;
  return `fine-tuned top-1: ${percent(accuracy)} (${began}; ${testImages} ${heldOut}, ${classes} classes, trained on ${trainImages})`;
}
