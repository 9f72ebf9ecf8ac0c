import type { Options } from '../../args/options.ts';
import { errorText } from '../../terminal/error-text.ts';
import { EXIT, exitCodeOf } from '../../terminal/failure.ts';
import { message } from '../../terminal/messages.ts';
import type { Measures } from '../measure.ts';
import type { PlannedRun } from '../plan.ts';
import { inProcess } from './in-process.ts';
import { inLanes } from './lanes.ts';
import { carryOut, type RunState } from './one-run.ts';
import type { Common } from './open.ts';

/** A run and where it stood when the ablation began. */
export type OpenRun = { readonly run: PlannedRun; readonly state: RunState };

/** A run that failed: the exit code of its error, and what a person reads of it. */
export type Failed = { readonly name: string; readonly code: number; readonly words: string };

/** How the runs are carried out. */
type How = {
  /** How many at a time; with more than one each has a process of its own. */
  readonly jobs: number;
  readonly out: string;
  readonly goOn: string;
  readonly signal: AbortSignal;
  readonly common: Common;
  /** What all rows share, with the threads of one process. */
  readonly base: Options;
};

/**
 * Trains and measures runs, one after the other or several side by side.
 *
 * @param runs in the order in which they are begun
 * @param how with what
 * @param onMeasured called after each run, never twice at a time
 * @returns whether it was interrupted, and the runs that failed
 * @throws Failure (exit code 2) for what is wrong with the command, once the runs that go on are saved
 */
export async function carryOutAll(
  runs: readonly OpenRun[],
  { jobs, out, goOn, signal, common, base }: How,
  onMeasured: (run: OpenRun, measures: Measures) => Promise<void>,
): Promise<{ readonly interrupted: boolean; readonly failed: readonly Failed[] }> {
  const halt = new AbortController();
  const stop = AbortSignal.any([signal, halt.signal]);
  const failed: Failed[] = [];
  let [begun, writing] = [0, Promise.resolve()];
  const perform = ({ run, state }: OpenRun): Promise<Measures | undefined> =>
    jobs === 1
      ? carryOut(state, common, { signal: stop, goOn })
      : inProcess({ run, base, out, goOn }, stop);
  await inLanes(runs, jobs, async (own) => {
    if (stop.aborted) return;
    const { name } = own.run;
    message(`run ${++begun} of ${runs.length}: ${name}`);
    try {
      const measures = await perform(own);
      if (measures === undefined) return;
      writing = writing.then(() => onMeasured(own, measures));
      await writing;
    } catch (error) {
      const code = exitCodeOf(error);
      if (code === EXIT.usage) {
        halt.abort();
        throw error;
      }
      const words = errorText(error, ['batch', 'cache']);
      failed.push({ name, code, words });
      message(`run ${name} failed: ${words}`);
    }
  });
  return { interrupted: signal.aborted, failed };
}
