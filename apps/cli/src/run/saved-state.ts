import type { CanParams } from '@twocan/can';
import type { PretrainState } from '@twocan/pretrain';
import { differences, type RunConfig } from './config.ts';
import { ownCheckpoint } from './newest-checkpoint.ts';
import type { RunFolder } from './run-folder.ts';

/**
 * The state of a run's newest readable checkpoint.
 *
 * @param folder the run's places
 * @param config the run
 * @returns the state, which the caller disposes; nothing where the run was stopped before any
 * @throws RangeError if no checkpoint of the folder can be read; Failure for one of another run (exit
 *   code 2), or of a run that exploded (3)
 */
export async function savedState(
  folder: RunFolder,
  config: RunConfig,
): Promise<PretrainState | undefined> {
  const checkpoint = await ownCheckpoint(folder, (held, where) =>
    differences(held as RunConfig, config, where),
  );
  if (checkpoint === undefined) return undefined;
  const { step, params, optimizer = {}, ema } = checkpoint;
  const average = ema && { ema: ema as CanParams };
  return { step, params: params as CanParams, optimizer, ...average };
}
