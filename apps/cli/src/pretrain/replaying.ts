import { disposeTree } from '@twocan/core';
import { type Replayed, replay } from '@twocan/pretrain';
import { runConfigProblems } from '../args/config-file.ts';
import type { Machine } from '../args/machine.ts';
import { openData } from '../images/datasets.ts';
import { sameImages } from '../run/data-identity.ts';
import { readReplay } from '../run/replay-file.ts';
import { readRunConfig, runFolder } from '../run/run-folder.ts';
import { savedState } from '../run/saved-state.ts';
import { startBackend } from '../run/start-backend.ts';
import { initialParams } from './beginning.ts';

/** Options of `twocan replay`. */
export type ReplayRequest = Pick<Machine, 'backend' | 'threads'> & {
  readonly run: string;
  readonly data?: string;
};

/** What the step is like, and what the run said of it. */
export type ReplayResult = Replayed & {
  /** What the run found not to be finite. */
  readonly what: string;
};

/**
 * Takes the step of a run again at which numbers stopped being finite: from the newest checkpoint, or from the start. The run
 * stays as it is.
 *
 * @param request the run, and where its images are now
 * @returns the step
 * @throws Failure (exit code 2) for a run without such a step, or whose images have changed
 */
export async function replayRun(request: ReplayRequest): Promise<ReplayResult> {
  const { run, data: moved, backend, threads } = request;
  const folder = runFolder(run);
  const { step, what } = readReplay(folder.replay, run);
  const config = readRunConfig(folder, runConfigProblems);
  const { options, model } = config;
  await startBackend({
    ...options,
    backend: backend ?? config.backend,
    ...(threads && { threads }),
  });
  const asked = { ...options, ...(moved !== undefined && { data: moved }), seen: () => true };
  const data = await openData(asked, model.encoder.image);
  try {
    await sameImages(folder, config, data, 'replay');
    const state = await savedState(folder, config);
    const initial = state === undefined ? await initialParams(config) : undefined;
    try {
      // Features may be what exploded, after the last step.
      const until = Math.min(step, config.steps - 1);
      const found = await replay(config, { dataset: data.dataset, state, initial, until });
      return { ...found, what };
    } finally {
      if (initial !== undefined) disposeTree(initial);
    }
  } finally {
    await data.close();
  }
}
