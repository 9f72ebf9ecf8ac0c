import type { CanParams } from '@twocan/can';
import {
  type Communicator,
  expectCommunicator,
  expectOptions,
  expectType,
  fold,
  key,
  refuse,
  solo,
} from '@twocan/core';
import { expectDataset } from '@twocan/data';
import { disposeState, fit, isNonFinite, type TrainEvent } from '@twocan/trainer';
import { type PretrainConfig, resolveConfig } from '../config.ts';
import { expectPretrainConfig } from '../expect-config.ts';
import { expectSets } from '../features/sides.ts';
import { silent } from '../progress.ts';
import type { Settings } from '../settings/settings.ts';
import { compareKnn, type Evaluation, expectEvaluations } from './evaluate.ts';
import { type Evaluated, evaluated, expectFeatures, imagesToShow } from './evaluations.ts';
import type { PretrainEvent, PretrainOptions } from './events.ts';
import { exploded, explosionOf } from './explosion.ts';
import { batchesOf, partsOf, type StepParts } from './parts.ts';
import { freshState, type PretrainState, scheduleOf } from './state.ts';
import { stepOf } from './step.ts';

/**
 * Pretrains an encoder, as events: it reads and writes no files, and prints nothing.
 *
 * It runs on whatever backend is current. After each checkpoint, and before the first, the encoder is
 * evaluated; see {@link PretrainEvent} for what is handed out when.
 *
 * @param settings those that differ from the defaults
 * @param options the images, and where a run that was stopped goes on
 * @returns events in order: `begin`, then `step` …, `checkpoint`, `evaluation` …, last `done`
 * @throws RangeError for settings that are out of range; {@link ExplosionError} (code `NON_FINITE`)
 *   when numbers stop being finite, after a `checkpoint` of the last finite state
 * @example
 * for await (const event of pretrain({ steps: 100 }, { dataset })) {
 *   if (event.type === 'step') console.log(event.step, event.metrics.loss);
 * }
 */
export function pretrain(
  settings: Settings,
  options: PretrainOptions,
): AsyncGenerator<PretrainEvent, void, void> {
  expectPretrainOptions('pretrain', options);
  return pretrainWith(resolveConfig(settings, options.dataset), options);
}

/**
 * The same of a run that is resolved, such as one that goes on.
 *
 * @param config of {@link resolveConfig}
 * @param options the images, and where a run that was stopped goes on
 * @returns events as those of {@link pretrain}
 * @throws as {@link pretrain}; RangeError for ranks that do not divide `batch` and `microBatch`
 * @example
 * const events = pretrainWith(config, { dataset, state, evaluations });
 */
export async function* pretrainWith(
  config: PretrainConfig,
  options: PretrainOptions,
): AsyncGenerator<PretrainEvent, void, void> {
  expectPretrainConfig('pretrainWith', config);
  expectPretrainOptions('pretrainWith', options);
  const { dataset, evaluation: sets, initial, signal, progress = silent } = options;
  const { communicator = solo } = options;
  expectShares(config, communicator);
  const run: Evaluated = { config, sets, images: imagesToShow(dataset, sets), initial, progress };
  const evaluations: Evaluation[] = [...(options.evaluations ?? [])];
  async function* evaluation(of: PretrainState): AsyncGenerator<PretrainEvent, void, void> {
    if (communicator.rank > 0) return;
    for await (const event of evaluated(run, of, evaluations)) {
      if (event.type === 'evaluation') {
        evaluations.push({ step: event.step, scores: event.scores });
      }
      yield event;
    }
  }
  const state = options.state ?? freshState(config, initial);
  const { step } = state;
  let owned = true;
  try {
    yield { type: 'begin', config, step };
    const every = config.checkpointEvery;
    // Stopped after a checkpoint and before its evaluation: that is made up for.
    if (step > 0 && every > 0 && step % every === 0) yield* evaluation(state);
    owned = false;
    for await (const event of stepsOf(config, options, state)) {
      if (event.type === 'step') {
        const { step, metrics, learningRate = 0, millis, state: lent } = event;
        yield { type: 'step', step, metrics, learningRate, millis, state: lent };
      } else if (event.type === 'checkpoint') {
        await expectFeatures(run, event.state);
        yield event;
        // Who stops a run wants to be gone; what is missing is made up for when it goes on.
        if (!signal?.aborted) yield* evaluation(event.state);
      } else {
        const knn = compareKnn(evaluations);
        yield { ...event, ...(knn && { knn }) };
      }
    }
  } catch (error) {
    if (!isNonFinite(error)) throw error;
    if (error.state !== undefined) yield* lent(error.state as PretrainState);
    const found = explosionOf(error);
    throw found === undefined ? error : exploded(config, found);
  } finally {
    if (owned) disposeState(state);
  }
}

/** The checkpoint of a state that ends with it. */
async function* lent(state: PretrainState): AsyncGenerator<PretrainEvent, void, void> {
  try {
    yield { type: 'checkpoint', state };
  } finally {
    disposeState(state);
  }
}

/** The training itself, as events of `fit`. */
function stepsOf(
  config: PretrainConfig,
  { dataset, signal, communicator = solo }: PretrainOptions,
  state: PretrainState,
): AsyncGenerator<TrainEvent<CanParams>, void, void> {
  const { checkpointEvery } = config;
  return fit<CanParams, StepParts>({
    state,
    step: stepOf(config, communicator),
    key: fold(key(config.seed), 'train'),
    batches: partsOf(config, batchesOf(config, dataset), communicator),
    until: config.steps,
    communicator,
    learningRate: scheduleOf(config),
    ...(checkpointEvery > 0 ? { checkpointEvery } : {}),
    ...(signal && { signal }),
  });
}

/** Every rank has equally many images of what is computed at once. */
function expectShares({ batch, microBatch }: PretrainConfig, { size }: Communicator): void {
  for (const [name, images] of Object.entries({ batch, microBatch })) {
    if (images === undefined || images % size === 0) continue;
    refuse('pretrainWith', `config.${name}`, `be a multiple of the ${size} ranks`, images);
  }
}

const FREE = [
  'evaluation',
  'initial',
  'state',
  'evaluations',
  'signal',
  'communicator',
  'progress',
];

function expectPretrainOptions(caller: string, options: PretrainOptions): void {
  expectOptions(caller, 'options', options, ['dataset'], FREE);
  expectDataset(caller, options.dataset);
  const { evaluation, evaluations = [], progress = silent } = options;
  if (evaluation !== undefined) {
    expectSets(caller, evaluation);
  }
  expectEvaluations(caller, evaluations);
  expectCommunicator(caller, 'communicator', options.communicator ?? solo);
  expectType(caller, 'progress', progress, 'function');
}
