import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { memory, tensor4d } from '@tensorflow/tfjs-core';
import type { BackendReport } from '@twocan/backend';
import { type CanParams, canLoss } from '@twocan/can';
import type { Json } from '@twocan/checkpoint';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree, fold, type Key, key } from '@twocan/core';
import { type Batch, makeBatches } from '@twocan/data';
import { adamw, warmupCosine } from '@twocan/optim';
import { disposeState, fit, isNonFinite, makeStep, type TrainEvent } from '@twocan/trainer';
import { continuedState, freshParams, freshState, type State } from './begin.ts';
import type { RunConfig } from './config.ts';
import type { OpenedData } from './datasets.ts';
import { compareByKnn, knnLine } from './knn.ts';
import { appendMetrics, truncateMetrics } from './metrics-file.ts';
import { duration, makeProgress, type Progress } from './progress.ts';
import type { RunFolder } from './run-folder.ts';
import { writeSamples } from './samples.ts';

/** A run that is ready to go. */
export type Run = {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly data: OpenedData;
  readonly backend: BackendReport;
  readonly resume: boolean;
  readonly signal: AbortSignal;
};

/** How it went: finished or interrupted, and the k-NN line where labels are known. */
export type Outcome = { readonly finished: boolean; readonly verdict?: string };

/**
 * Trains, leaving metrics, checkpoints and samples in the run folder, and judges the result.
 *
 * @param run what to do
 * @returns how it went
 * @throws NonFiniteError (code `NON_FINITE`) after saving the last finite state
 */
export async function train(run: Run): Promise<Outcome> {
  const { folder, config, data } = run;
  const root = key(config.seed);
  const schedule = warmupCosine({
    base: config.optimizer.learningRate,
    min: config.optimizer.minLearningRate,
    warmup: config.optimizer.warmupSteps,
    total: config.steps,
  });
  const { beta1, beta2, weightDecay } = config.optimizer;
  const optimizer = adamw({ learningRate: schedule, b1: beta1, b2: beta2, weightDecay });
  const begin = run.resume
    ? await continuedState(folder, config, optimizer)
    : freshState(config, optimizer);
  truncateMetrics(folder.metrics, begin.step);
  const progress = makeProgress({
    stream: process.stderr,
    total: config.steps,
    first: begin.step,
  });
  announce(run, begin.step, progress);
  const began = Date.now();
  const loss = canLoss(config.model);
  const events = fit<CanParams, Batch>({
    state: begin,
    // Batches stay host arrays until a step needs them: its tidy frees the tensors again.
    step: makeStep((params, { views, shape }, stepKey) => {
      const tensors = views.map((view) => tensor4d(view, [...shape]));
      return loss(params, { views: tensors }, stepKey);
    }, optimizer),
    key: fold(root, 'train'),
    batches: makeBatches(data.dataset, {
      key: fold(root, 'data'),
      batch: config.batch,
      size: config.model.encoder.image.width,
      views: config.model.views,
      augmentation: config.augmentation,
      ...config.normalization,
    }),
    until: config.steps,
    learningRate: schedule,
    ...(config.checkpointEvery > 0 ? { checkpointEvery: config.checkpointEvery } : {}),
    signal: run.signal,
  });
  const done = await follow(events, run, root, progress);
  progress.close();
  if (done.aborted) {
    disposeState(done.state);
    return { finished: false };
  }
  progress.note(`trained for ${duration(Date.now() - began)}`);
  const verdict = await judge(run, done.state.params);
  disposeState(done.state);
  return { finished: true, ...(verdict === undefined ? {} : { verdict }) };
}

async function follow(
  events: AsyncIterable<TrainEvent<CanParams>>,
  { folder, config, data }: Run,
  root: Key,
  progress: Progress,
): Promise<{ readonly state: State; readonly aborted: boolean }> {
  const save = async (state: State): Promise<void> => {
    const plain = config as unknown as Json;
    await saveCheckpoint(folder.checkpoints, { ...state, key: root, config: plain });
  };
  const sheet = (state: State): Promise<void> => {
    const name = `step-${String(state.step).padStart(8, '0')}.png`;
    const pictures = data.evaluation?.test ?? data.dataset;
    return writeSamples(
      join(folder.samples, name),
      config,
      state.params,
      pictures,
      fold(root, 'samples'),
    );
  };
  try {
    for await (const event of events) {
      if (event.type === 'done') return { state: event.state, aborted: event.aborted };
      if (event.type === 'checkpoint') {
        await save(event.state);
        await sheet(event.state);
        continue;
      }
      const { step, metrics, learningRate = 0, millis } = event;
      const { loss = Number.NaN, ...others } = metrics;
      const machine = {
        millis,
        imagesPerSecond: (1000 * config.batch) / millis,
        tensors: memory().numTensors,
        rssMegabytes: process.memoryUsage.rss() / 2 ** 20,
      };
      appendMetrics(folder.metrics, { step, loss, ...others, learningRate, machine });
      progress.step({ step, metrics, learningRate, ...machine });
      // Everything above may finish without the event loop turning; signals arrive only there.
      await setImmediate();
    }
  } catch (error) {
    if (isNonFinite(error)) {
      progress.close();
      await save(error.state as State);
      disposeState(error.state);
    }
    throw error;
  }
  throw new Error('train: the run ended without a last event');
}

/** What a person wants to know before waiting: on what, with what, for how long. */
function announce({ config, data, backend, resume }: Run, step: number, progress: Progress): void {
  const { model, batch, steps } = config;
  const { height, width } = model.encoder.image;
  for (const note of data.notes) progress.note(note);
  progress.note(`backend ${backend.name}: ${backend.why}`);
  progress.note(
    `${config.method} on ${data.length} images of ${data.source} at ${width}x${height}, ` +
      `preset ${config.preset}, batch ${batch}, ${steps} steps`,
  );
  if (resume) progress.note(`going on after step ${step}`);
}

/** The k-NN line, with its numbers in result.json; nothing where labels are not known. */
async function judge(
  { folder, config, data }: Run,
  trained: CanParams,
): Promise<string | undefined> {
  if (data.evaluation === undefined) return undefined;
  const untrained = freshParams(config);
  const result = await compareByKnn(config, { trained, untrained }, data.evaluation);
  disposeTree(untrained);
  writeFileSync(folder.result, `${JSON.stringify({ knn: result }, null, 2)}\n`);
  return knnLine(result, data.evaluation.heldOut);
}
