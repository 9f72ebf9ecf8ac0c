import { resolve } from 'node:path';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import { type Classification, confusionMatrix } from '@twocan/evaluate';
import type { Machine } from '../args/machine.ts';
import { writeConfusion } from '../draw/confusion.ts';
import { byClass, classLines } from '../evaluation/probing.ts';
import { isPlace } from '../files/path-names.ts';
import { type LabelledData, openLabelled } from '../images/datasets.ts';
import { EVERY, type Evaluation } from '../images/evaluation-sets.ts';
import { stopped } from '../pretrain/stopped.ts';
import { applyRules } from '../pretrain/without-effect.ts';
import { keepMarks, knowImages, sameImages, whereImagesAre } from '../run/data-identity.ts';
import { checkMemory } from '../run/enough-memory.ts';
import { alone, interruptible } from '../run/interruptible.ts';
import {
  checkNewRun,
  checkOldRun,
  clearRun,
  readRunConfig,
  rewriteRun,
} from '../run/run-folder.ts';
import { startBackend } from '../run/start-backend.ts';
import { EXIT, usageError } from '../terminal/failure.ts';
import { percent } from '../terminal/percent.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { type FinetuneFolder, finetuneFolder } from './folder.ts';
import { judgeClassifier } from './judge.ts';
import {
  beginningOf,
  dataFacts,
  type FinetuneAsked,
  type FinetunePlan,
  planProblems,
} from './plan.ts';
import { FINETUNE_RULES } from './rules.ts';
import { trainClassifier } from './train.ts';

/** Where a classifier is kept and how its result is told. */
export type FinetuneRequest = Machine & {
  readonly out?: string;
  readonly confusion?: string;
  readonly perClass: boolean;
  readonly json: boolean;
};

/** A classifier that is to be trained. */
export type NewFinetune = FinetuneRequest & FinetuneAsked & { readonly overwrite: boolean };

/**
 * Trains encoder and head on a labelled folder, and prints what they reach on held-out images.
 *
 * Everything that can be wrong with the request is found before the folder is touched.
 *
 * @param request where to begin, folder and recipe
 * @returns the exit code
 * @throws Failure (exit code 2) for a folder without classes or with fewer images than a batch
 */
export async function finetune(request: NewFinetune): Promise<number> {
  const { data, recipeFor, out } = request;
  const folder = out === undefined ? undefined : finetuneFolder(out);
  if (folder !== undefined) checkNewRun(folder, request.overwrite);
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
    const sizes = request.model === undefined ? '--image-size or --preset' : 'model';
    checkMemory({ cost, batch: recipe.batch, backend, sizes });
    console.error(`${length} images to learn from, batch ${recipe.batch}`);
    const known = await knowImages(opened);
    const plan = {
      ...beginning,
      data: isPlace(opened.source) ? resolve(data) : data,
      ...(known && { images: known.identity }),
      ...{ ...dataFacts(evaluation), recipe, backend },
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
 * @returns the exit code
 * @throws Failure (exit code 2) when no classifier is there, or its images have changed
 */
export async function resumeFinetune(
  request: FinetuneRequest & { readonly out: string; readonly data?: string },
): Promise<number> {
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
    for (const note of notes) console.error(note);
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

async function onImages(
  asked: Machine & { readonly data: string },
  image: FinetunePlan['encoder']['image'],
  work: (data: LabelledData) => Promise<number>,
): Promise<number> {
  const data = await openLabelled({ ...asked, most: EVERY }, image);
  for (const note of data.notes()) console.error(note);
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
): Promise<number> {
  const goOn = folder && shellLine(['twocan', 'finetune', '--resume', '--out', folder.path]);
  const { params, steps, finished } = await interruptible((signal) =>
    trainClassifier(plan, evaluation.train, signal, folder),
  ).catch(async (error: unknown) => {
    if (folder === undefined || goOn === undefined) throw error;
    throw await stopped(error, { checkpoints: folder.checkpoints, goOn });
  });
  try {
    if (!finished) {
      console.error(
        goOn === undefined
          ? 'interrupted; without --out nothing is kept'
          : `saved; go on with: ${goOn}`,
      );
      return EXIT.interrupted;
    }
    await tell(request, plan, evaluation, {
      ...{ result: await judgeClassifier(params, plan, evaluation), steps },
      ...(folder && { file: folder.result }),
    });
    return EXIT.done;
  } finally {
    disposeTree(params);
  }
}

type Told = { readonly result: Classification; readonly steps: number; readonly file?: string };

/** Prints the result, and writes what was asked for. */
async function tell(
  { confusion, perClass: listed, json }: FinetuneRequest,
  { from, recipe }: FinetunePlan,
  { train, test, classes, heldOut }: Evaluation,
  { result, steps, file }: Told,
): Promise<void> {
  const names = test.classes ?? [];
  if (confusion !== undefined) {
    const labels = test.labels ?? new Int32Array(0);
    await writeConfusion(confusion, confusionMatrix(labels, result.predictions, classes), names);
  }
  const perClass = byClass(names, result);
  const summary = {
    ...{ from, accuracy: result.accuracy, perClass, steps },
    ...{ trainImages: train.length, testImages: test.length, classes, recipe },
  };
  if (file !== undefined) await writeFileAtomic(file, `${JSON.stringify(summary, null, 2)}\n`);
  if (json) {
    console.log(JSON.stringify(summary));
    return;
  }
  console.log(
    `fine-tuned top-1: ${percent(result.accuracy)} (${from === null ? 'from scratch' : `from ${from}`}; ${test.length} ${heldOut}, ${classes} classes, trained on ${train.length})`,
  );
  if (listed) console.log(classLines(perClass).join('\n'));
}
