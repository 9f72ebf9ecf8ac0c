import { rmSync, writeFileSync } from 'node:fs';
import { memory } from '@tensorflow/tfjs-core';
import type { Json } from '@twocan/checkpoint';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree, key, solo } from '@twocan/core';
import {
  type Compared,
  type Evaluation,
  explosionAdvice,
  explosionOf,
  imagesOfStep,
  type PretrainEvent,
  type PretrainState,
  pretrainWith,
} from '@twocan/pretrain';
import { disposeState } from '@twocan/trainer';
import { writtenFlag } from '../args/flag-name.ts';
import { writeSamples } from '../draw/samples.ts';
import { countsOf, type KnnComparison } from '../evaluation/knn.ts';
import { listSkipped } from '../files/skipped.ts';
import { environmentOf } from '../run/environment.ts';
import { heedingSignals } from '../run/interruptible.ts';
import { keepMap } from '../run/map-file.ts';
import { evaluationsIn } from '../run/metrics-file.ts';
import { recipeNote } from '../run/recipe-lines.ts';
import { keepReplay } from '../run/replay-file.ts';
import { sheetPath } from '../run/sample-sheets.ts';
import { savedState } from '../run/saved-state.ts';
import { messageStream } from '../terminal/messages.ts';
import { percent } from '../terminal/percent.ts';
import { duration, makeProgress, type Progress } from '../terminal/progress.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { showWork } from '../terminal/work.ts';
import { initialParams } from './beginning.ts';
import { openRecord, type RunRecord } from './record.ts';
import type { Run } from './run.ts';
import { exploded, stopped } from './stopped.ts';

/** How it went: finished or interrupted, and the accuracies where classes are known. */
export type Outcome = { readonly finished: boolean; readonly knn?: KnnComparison };

/**
 * Trains, leaving metrics, checkpoints and samples in the run folder, and evaluates the result.
 *
 * @param run what to do
 * @returns how it went
 * @throws Failure (exit code 3) when its numbers stop being finite, after saving the last finite
 *   state; an error with the command that goes on when something else stops it
 */
export async function train(run: Run): Promise<Outcome> {
  const { goOn, folder, communicator = solo } = run;
  try {
    return await (communicator.rank === 0 ? trained(run) : joined(run));
  } catch (error) {
    throw await stopped(error, { checkpoints: folder.checkpoints, goOn });
  }
}

async function trained(run: Run): Promise<Outcome> {
  const { folder, config, data, signal, communicator = solo } = run;
  const state = run.resume ? await savedState(folder, config) : undefined;
  const first = state?.step ?? 0;
  listSkipped(folder.skipped, data.leftOut());
  // What a run of before met it may not meet again.
  rmSync(folder.replay, { force: true });
  const record = openRecord(run, environmentOf(run.backend), first);
  const progress = makeProgress({ stream: messageStream(), total: config.steps, first });
  announce(run, first, progress);
  if (first > 0) record.report();
  const began = performance.now();
  const evaluations = evaluationsIn(record.lines);
  // A run that goes on needs them only where it was stopped before they were evaluated.
  const isDone = state !== undefined && evaluations.some(({ step }) => step === 0);
  const initial = isDone ? undefined : await initialParams(config);
  const events = pretrainWith(config, {
    dataset: data.dataset,
    evaluation: data.evaluation,
    initial,
    state,
    evaluations,
    signal,
    communicator,
    progress: showWork,
  });
  try {
    for await (const event of heedingSignals(events)) {
      if (event.type !== 'done') {
        await write(event, run, record, progress);
        await run.onEvent?.(event);
        continue;
      }
      progress.close();
      if (!event.aborted) progress.note(`trained for ${duration(performance.now() - began)}`);
      const knn = event.aborted ? undefined : resultOf(run, event.knn);
      await run.onEvent?.(event);
      disposeState(event.state);
      return { finished: !event.aborted, ...(knn && { knn }) };
    }
  } catch (error) {
    progress.close();
    const found = explosionOf(error);
    if (found === undefined) throw error;
    record.report();
    await keepReplay(folder.replay, found);
    const advice = explosionAdvice(config, found.step, writtenFlag);
    const look = shellLine(['twocan', 'replay', folder.path]);
    throw await exploded(found, folder.checkpoints, advice, look);
  } finally {
    listSkipped(folder.skipped, data.leftOut());
    if (initial !== undefined) disposeTree(initial);
  }
  throw new Error('train: the run ended without a last event');
}

/** What the other ranks do: they compute, and write nothing. */
async function joined({
  folder,
  config,
  data,
  signal,
  communicator = solo,
  resume,
}: Run): Promise<Outcome> {
  const state = resume ? await savedState(folder, config) : undefined;
  const initial = state === undefined ? await initialParams(config) : undefined;
  const { dataset } = data;
  const events = pretrainWith(config, { dataset, initial, state, signal, communicator });
  try {
    for await (const event of heedingSignals(events)) {
      if (event.type !== 'done') continue;
      disposeState(event.state);
      return { finished: !event.aborted };
    }
  } finally {
    if (initial !== undefined) disposeTree(initial);
  }
  throw new Error('train: the run ended without a last event');
}

/** Writes what happens to the run folder and the terminal. */
async function write(
  event: Exclude<PretrainEvent, { readonly type: 'done' }>,
  run: Run,
  record: RunRecord,
  progress: Progress,
): Promise<void> {
  const { folder, config } = run;
  switch (event.type) {
    case 'begin':
      return;
    case 'step':
      return writeStep(event, run, record, progress);
    case 'checkpoint':
      await save(run, event.state);
      return progress.close();
    case 'map':
      return keepMap(folder.map, event.map);
    case 'pictures': {
      const path = sheetPath(folder.samples, event.step);
      await writeSamples(path, config.model, event.rows);
      return record.drawn(event.step, path);
    }
    case 'evaluation': {
      const { step, scores, millis } = event;
      record.add({ step, evaluation: { ...scores }, machine: { millis } });
      if (step === 0) return;
      progress.note(scoresLine(event, config.model.encoder.width));
      return record.report();
    }
  }
}

async function save({ folder, config }: Run, state: PretrainState): Promise<void> {
  const plain = config as unknown as Json;
  await saveCheckpoint(folder.checkpoints, { ...state, key: key(config.seed), config: plain });
}

function writeStep(
  { step, metrics, learningRate, millis }: Extract<PretrainEvent, { readonly type: 'step' }>,
  { config }: Run,
  record: RunRecord,
  progress: Progress,
): void {
  const { loss = Number.NaN, ...others } = metrics;
  const machine = {
    millis,
    imagesPerSecond: (1000 * imagesOfStep(config)) / millis,
    tensors: memory().numTensors,
    rssMegabytes: process.memoryUsage.rss() / 2 ** 20,
  };
  record.add({ step, loss, ...others, learningRate, machine });
  progress.step({ step, metrics, learningRate, ...machine });
  if (step === 1) record.report();
}

function scoresLine({ step, scores }: Evaluation, width: number): string {
  const { knn, effectiveRank } = scores;
  const accuracy = knn === undefined ? '' : `k-NN top-1 ${percent(knn)}, `;
  return `after step ${step}: ${accuracy}effective rank ${effectiveRank.toFixed(1)} of ${width}`;
}

/** What a person wants to know before waiting: on what, with what, for how long. */
function announce(
  { config, data, resume, backend, communicator = solo }: Run,
  step: number,
  progress: Progress,
): void {
  const { model, batch, steps } = config;
  const { height, width } = model.encoder.image;
  for (const note of data.notes()) progress.note(note);
  progress.note(
    `${config.method} on ${data.length} images of ${data.source} at ${width}x${height}, ` +
      `preset ${config.preset}, batch ${batch}, ${steps} steps`,
  );
  const { size, name } = communicator;
  if (size > 1) {
    const { threads } = backend;
    const own = threads === null ? '' : `${threads} ${threads === 1 ? 'thread' : 'threads'} and `;
    progress.note(`${size} ranks by ${name}, each with ${own}${batch / size} images of a batch`);
  }
  const recipe = recipeNote(config);
  if (recipe !== undefined) progress.note(recipe);
  if (resume) progress.note(`going on after step ${step}`);
}

/** The accuracies, which are kept in result.json; nothing where labels are not known. */
function resultOf(
  { folder, data }: Run,
  accuracies: Compared<number> | undefined,
): KnnComparison | undefined {
  const { evaluation } = data;
  if (evaluation === undefined || accuracies === undefined) return undefined;
  const knn = { ...accuracies, ...countsOf(evaluation) };
  writeFileSync(folder.result, `${JSON.stringify({ knn }, null, 2)}\n`);
  return knn;
}
