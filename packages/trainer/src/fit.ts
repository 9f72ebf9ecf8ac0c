import { util } from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectInteger,
  expectKey,
  expectOptions,
  expectType,
  type Key,
  type Params,
  refuse,
  solo,
} from '@twocan/core';
import type { Schedule } from '@twocan/optim';
import { type NonFiniteError, nonFinite } from './failure.ts';
import { type Batches, disposeBatch, feedOf, readMetrics } from './feed.ts';
import type { Step } from './finish.ts';
import { nonFiniteLeaf } from './non-finite-leaf.ts';
import { expectSameParams, onAnyRank } from './ranks.ts';
import { disposeState, expectState, type TrainState } from './state.ts';

/** One thing that happened in a run. */
export type TrainEvent<P extends Params = Params> =
  | {
      readonly type: 'step';
      /** How many steps are done, this one included. */
      readonly step: number;
      readonly metrics: { readonly [name: string]: number };
      /** The rate that this step used, where `fit` was given the schedule. */
      readonly learningRate?: number;
      /** Wall time of the step, waiting for its batch included. */
      readonly millis: number;
      /** Examples in the batch, where `fit` was given a way to count them. */
      readonly examples?: number;
      /** Paths of parameters that nothing trains; normally empty. */
      readonly unused: readonly string[];
      /** Lent until the next event, to look at; what is to be saved is handed out as a checkpoint. */
      readonly state: TrainState<P>;
    }
  /** `state` is lent, and all its numbers are finite: save it before asking for the next event. */
  | { readonly type: 'checkpoint'; readonly state: TrainState<P> }
  /** `state` is the caller's; `aborted` is true if the signal ended the run. */
  | { readonly type: 'done'; readonly state: TrainState<P>; readonly aborted: boolean };

/** What a run needs. */
export type FitOptions<P extends Params, B> = {
  /** Where to begin; `fit` takes it over and disposes it when the next state exists. */
  readonly state: TrainState<P>;
  readonly step: Step<P, B>;
  /** The root key; step t draws from `fold(key, t)`. */
  readonly key: Key;
  /**
   * The batch of a step, or batches one after the other. Only a function of the step resumes
   * exactly: an iterable is read from its beginning. One batch is fetched ahead.
   */
  readonly batches: Batches<B>;
  /** The run ends when `state.step` reaches this. */
  readonly until: number;
  /** Hand out a checkpoint whenever the step is a multiple of this; the end always has one. */
  readonly checkpointEvery?: number;
  /** Stops between two steps, after a checkpoint; that of one rank stops all. An `AbortSignal` fits. */
  readonly signal?: { readonly aborted: boolean };
  /** The ranks that `step` was made for; one process by default. All run the same loop. */
  readonly communicator?: Communicator;
  /** Several ranks compare their parameters whenever the step is a multiple of this; 100 by default. */
  readonly compareEvery?: number;
  /** Reported with each step; the optimizer has its own. */
  readonly learningRate?: number | Schedule;
  readonly examples?: (batch: B) => number;
  /** Leave the batches' tensors alive; by default `fit` disposes each batch after its step. */
  readonly keepBatches?: boolean;
};

/**
 * Trains until a step number, telling what happens as events.
 *
 * The loop owns the state: it disposes the old one after each step, so the number of tensors stays
 * the same however long the run is. Leaving the loop early (`break`) disposes the current state.
 *
 * @param options state, step, batches and when to stop
 * @returns events in order: `step` …, `checkpoint` …, last `done`
 * @throws RangeError for a bad `until` or `checkpointEvery`; TypeError for a `signal` that is none; {@link NonFiniteError} (code
 *   `NON_FINITE`) when the loss, its gradient or a metric is not finite, with the last finite state;
 *   or when the state is not, which is looked at before each checkpoint; Error with code `RANKS_DIFFER` when the
 *   ranks' parameters are no longer the same, which is looked at before the first step too
 * @example
 * for await (const event of fit({ state, step, key: key(0), batches, until: 100 })) {
 *   if (event.type === 'step') console.log(event.step, event.metrics.loss);
 * }
 */
export async function* fit<P extends Params, B>(
  options: FitOptions<P, B>,
): AsyncGenerator<TrainEvent<P>, void, void> {
  checkOptions(options);
  const { step: takeStep, key, until, checkpointEvery, signal, keepBatches = false } = options;
  const { communicator = solo, compareEvery = COMPARE_EVERY } = options;
  let state = options.state;
  let owned = true;
  let saved = -1;
  const feed = feedOf(options.batches, until, keepBatches);
  const rateOf = options.learningRate;
  const rateAt = (at: number): number | undefined =>
    typeof rateOf === 'function' ? rateOf(at) : rateOf;
  try {
    expectSameParams(communicator, state.params, state.step);
    while (state.step < until && !onAnyRank(communicator, signal?.aborted ?? false)) {
      const before = util.now();
      const learningRate = rateAt(state.step);
      const batch = await feed.next(state.step);
      const examples = options.examples?.(batch);
      const result = attempt(
        () => takeStep(state, batch, key, { donate: true }),
        () => keepBatches || disposeBatch(batch),
      );
      const metrics = await readMetrics(result.metrics);
      if (!Object.values(metrics).every(Number.isFinite)) {
        disposeState(result.state, state);
        owned = false;
        throw await failed(state, metrics, learningRate);
      }
      disposeState(state, result.state);
      state = result.state;
      if (state.step % compareEvery === 0) {
        expectSameParams(communicator, state.params, state.step);
      }
      yield {
        type: 'step',
        step: state.step,
        metrics,
        ...(learningRate !== undefined && { learningRate }),
        millis: util.now() - before,
        ...(examples !== undefined && { examples }),
        unused: result.unused,
        state,
      };
      if (checkpointEvery !== undefined && state.step % checkpointEvery === 0) {
        saved = state.step;
        await check(state, learningRate);
        yield { type: 'checkpoint', state };
      }
    }
    if (saved !== state.step) {
      await check(state, rateAt(Math.max(0, state.step - 1)));
      yield { type: 'checkpoint', state };
    }
    owned = false;
    yield { type: 'done', state, aborted: state.step < until };
  } finally {
    if (owned) disposeState(state);
    await feed.close();
  }
}

const leafOf = ({ params, optimizer, ema }: TrainState): Promise<string | undefined> =>
  nonFiniteLeaf({ params, optimizer, ...(ema && { ema }) });

/** Throws for a state that must not be saved. */
async function check(state: TrainState, learningRate: number | undefined): Promise<void> {
  const leaf = await leafOf(state);
  if (leaf !== undefined) throw nonFinite({ step: state.step, learningRate, leaf });
}

/** The error of a step; the state before it goes along where it is finite, and ends where it is not. */
async function failed(
  state: TrainState,
  metrics: { readonly [name: string]: number },
  learningRate: number | undefined,
): Promise<NonFiniteError> {
  const leaf = await leafOf(state);
  const found = { step: state.step, metrics, learningRate };
  if (leaf === undefined) return nonFinite({ ...found, state });
  disposeState(state);
  return nonFinite({ ...found, leaf });
}

/** Runs `work`, then `after` whether it threw or not. */
function attempt<R>(work: () => R, after: () => void): R {
  try {
    return work();
  } finally {
    after();
  }
}

const NEEDED = ['state', 'step', 'key', 'batches', 'until'];
const FREE = ['checkpointEvery', 'signal', 'learningRate', 'examples', 'keepBatches'];
const RANKS = ['communicator', 'compareEvery'];
const COMPARE_EVERY = 100;

function checkOptions<P extends Params, B>(options: FitOptions<P, B>): void {
  expectOptions('fit', 'options', options, NEEDED, [...FREE, ...RANKS]);
  const { state, step, key, batches, until, checkpointEvery, signal } = options;
  expectState('fit', state);
  expectType('fit', 'step', step, 'function');
  expectKey('fit', 'key', key);
  const iterable = (batches as AsyncIterable<B> | null)?.[Symbol.asyncIterator] !== undefined;
  if (typeof batches !== 'function' && !iterable) {
    refuse('fit', 'batches', 'be a function of the step or an async iterable', batches, TypeError);
  }
  expectInteger('fit', 'until', until, 0, Number.MAX_SAFE_INTEGER);
  if (checkpointEvery !== undefined) {
    expectInteger('fit', 'checkpointEvery', checkpointEvery, 1, Number.MAX_SAFE_INTEGER);
  }
  expectCommunicator('fit', 'communicator', options.communicator ?? solo);
  const { compareEvery = COMPARE_EVERY } = options;
  expectInteger('fit', 'compareEvery', compareEvery, 1, Number.MAX_SAFE_INTEGER);
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    refuse('fit', 'signal', 'be an AbortSignal', signal, TypeError);
  }
}
