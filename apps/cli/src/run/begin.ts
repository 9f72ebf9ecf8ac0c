import { type CanParams, initCan } from '@twocan/can';
import { disposeTree, fold, key } from '@twocan/core';
import type { Transform } from '@twocan/optim';
import { initState, type TrainState } from '@twocan/trainer';
import { differences, type RunConfig } from './config.ts';
import { ownCheckpoint } from './newest-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';

/** A run's state at some step. */
export type State = TrainState<CanParams>;

/**
 * The parameters that a run starts from.
 *
 * @param config the run
 * @returns the tree; the caller disposes it
 */
export function freshParams({ model, seed }: RunConfig): CanParams {
  return initCan(fold(key(seed), 'init'), model);
}

/**
 * The state before the first step.
 *
 * @param config the run
 * @param optimizer what will train it
 * @returns the state; the caller disposes it
 */
export function freshState(config: RunConfig, optimizer: Transform): State {
  const params = freshParams(config);
  const state = initState(params, optimizer);
  disposeTree(params);
  return state;
}

/**
 * The state of a run's newest readable checkpoint, or a fresh one if it was stopped before any.
 *
 * @param folder the run's places
 * @param config the run
 * @param optimizer what will train it
 * @returns the state; the caller disposes it
 * @throws RangeError if no checkpoint of the folder can be read; Failure for one of another run (exit
 *   code 2), or of a run that exploded (3)
 */
export async function continuedState(
  folder: RunFolder,
  config: RunConfig,
  optimizer: Transform,
): Promise<State> {
  const checkpoint = await ownCheckpoint(folder, (held, where) =>
    differences(held as RunConfig, config, where),
  );
  if (checkpoint === undefined) return freshState(config, optimizer);
  const { step, params, optimizer: moments = {} } = checkpoint;
  return { step, params: params as CanParams, optimizer: moments };
}
