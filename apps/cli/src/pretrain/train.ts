import { writeFileSync } from 'node:fs';
import { memory, tensor4d } from '@tensorflow/tfjs-core';
import { type CanParams, canLoss } from '@twocan/can';
import type { Json } from '@twocan/checkpoint';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { fold, key } from '@twocan/core';
import { type Batch, makeBatches } from '@twocan/data';
import { adamw, warmupCosine } from '@twocan/optim';
import { disposeState, fit, isNonFinite, makeStep, type TrainEvent } from '@twocan/trainer';
import { comparisonOf } from '../evaluation/judged-lines.ts';
import { countsOf, knnLine } from '../evaluation/knn.ts';
import { listSkipped } from '../files/skipped.ts';
import { atMost } from '../images/evaluation-sets.ts';
import { encoderFeatures, extractRows } from '../images/features.ts';
import { continuedState, freshState, type State } from '../run/begin.ts';
import { environmentOf } from '../run/environment.ts';
import { heedingSignals } from '../run/interruptible.ts';
import { EXIT, exitCodeOf, type Failure } from '../terminal/failure.ts';
import { duration, makeProgress, type Progress } from '../terminal/progress.ts';
import { adviceFor } from './explosion.ts';
import { openRecord, type Record } from './record.ts';
import type { Run } from './run.ts';
import { type Explosion, exploded, stopped, whatExploded } from './stopped.ts';
import { takeStock } from './take-stock.ts';

/** How it went: finished or interrupted, and the k-NN line where labels are known. */
export type Outcome = { readonly finished: boolean; readonly verdict?: string };

/**
 * Trains, leaving metrics, checkpoints and samples in the run folder, and judges the result.
 *
 * @param run what to do
 * @returns how it went
 * @throws Failure (exit code 3) when its numbers stop being finite, after saving the last finite
 *   state; an error with the command that goes on when something else stops it
 */
export async function train(run: Run): Promise<Outcome> {
  const { goOn, folder } = run;
  try {
    return await trained(run);
  } catch (error) {
    throw await stopped(error, { checkpoints: folder.checkpoints, goOn });
  }
}

async function trained(run: Run): Promise<Outcome> {
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
  listSkipped(folder.skipped, data.leftOut());
  const record = openRecord(run, environmentOf(run.backend), begin.step);
  const progress = makeProgress({
    stream: process.stderr,
    total: config.steps,
    first: begin.step,
  });
  announce(run, begin.step, progress);
  const interval = config.checkpointEvery;
  if (begin.step > 0 && interval > 0 && begin.step % interval === 0) {
    await unlessExploded(run, begin.step, () => takeStock(run, begin, record, progress));
  }
  const began = performance.now();
  const loss = canLoss(config.model);
  const events = fit<CanParams, Batch>({
    state: begin,
    // Batches stay host arrays until a step needs them: its tidy frees the tensors again.
    step: makeStep((params, { views, shape }, context) => {
      const tensors = views.map((view) => tensor4d(view, [...shape]));
      return loss(params, { views: tensors }, context);
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
  const done = await follow(events, run, record, progress);
  progress.close();
  if (done.aborted) {
    disposeState(done.state);
    return { finished: false };
  }
  progress.note(`trained for ${duration(performance.now() - began)}`);
  disposeState(done.state);
  const verdict = verdictOf(run, record);
  return { finished: true, ...(verdict === undefined ? {} : { verdict }) };
}

async function follow(
  events: AsyncIterable<TrainEvent<CanParams>>,
  run: Run,
  record: Record,
  progress: Progress,
): Promise<{ readonly state: State; readonly aborted: boolean }> {
  const { folder, config, data } = run;
  const save = async (state: State): Promise<void> => {
    const plain = config as unknown as Json;
    await saveCheckpoint(folder.checkpoints, { ...state, key: key(config.seed), config: plain });
  };
  try {
    for await (const event of heedingSignals(events)) {
      if (event.type === 'done') return { state: event.state, aborted: event.aborted };
      if (event.type === 'checkpoint') {
        const { state } = event;
        await unlessExploded(run, state.step, async () => {
          await expectFeatures(run, state);
          await save(state);
          // Whoever interrupts wants to be gone: what is missing is made up for after a resume.
          if (!run.signal.aborted) await takeStock(run, state, record, progress);
        });
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
      record.add({ step, loss, ...others, learningRate, machine });
      progress.step({ step, metrics, learningRate, ...machine });
      if (step === 1) record.report();
    }
  } catch (error) {
    progress.close();
    if (!isNonFinite(error)) throw error;
    if (error.state !== undefined) {
      await save(error.state as State);
      disposeState(error.state);
    }
    record.report();
    throw await explosionOf(run, whatExploded(error));
  } finally {
    listSkipped(folder.skipped, data.leftOut());
  }
  throw new Error('train: the run ended without a last event');
}

const explosionOf = ({ folder, config }: Run, explosion: Explosion): Promise<Failure> =>
  exploded(explosion, folder.checkpoints, adviceFor(config, explosion.step));

/** Weights that are finite can still be too large for an encoder: its features tell, at some pictures' cost. */
async function expectFeatures({ config, data }: Run, { params }: State): Promise<void> {
  await extractRows(
    atMost(data.pictures, LOOKED_AT),
    config,
    encoderFeatures(config.model, params),
  );
}

const LOOKED_AT = 8;

/** Does some work with the state after a step; features that are not finite are the run's explosion. */
async function unlessExploded(run: Run, step: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (exitCodeOf(error) !== EXIT.nonFinite) throw error;
    throw await explosionOf(run, { step, what: "the encoder's features are not finite" });
  }
}

/** What a person wants to know before waiting: on what, with what, for how long. */
function announce({ config, data, resume }: Run, step: number, progress: Progress): void {
  const { model, batch, steps } = config;
  const { height, width } = model.encoder.image;
  for (const note of data.notes()) progress.note(note);
  progress.note(
    `${config.method} on ${data.length} images of ${data.source} at ${width}x${height}, ` +
      `preset ${config.preset}, batch ${batch}, ${steps} steps`,
  );
  if (resume) progress.note(`going on after step ${step}`);
}

/** The k-NN line, with its numbers in result.json; nothing where labels are not known. */
function verdictOf({ folder, data }: Run, { lines }: Record): string | undefined {
  const { evaluation } = data;
  const compared = comparisonOf(lines);
  if (evaluation === undefined || compared === undefined) return undefined;
  const result = { ...compared, ...countsOf(evaluation) };
  writeFileSync(folder.result, `${JSON.stringify({ knn: result }, null, 2)}\n`);
  return knnLine(result, evaluation.heldOut);
}
