import type { Options } from '../../args/options.ts';
import { interruptible } from '../../run/interruptible.ts';
import { errorText } from '../../terminal/error-text.ts';
import { EXIT, exitCodeOf } from '../../terminal/failure.ts';
import { keepGoingUnderNohup } from '../../terminal/hang-up.ts';
import { keepGoingUnread } from '../../terminal/unread-output.ts';
import type { Measures } from '../measure.ts';
import type { PlannedRun } from '../plan.ts';
import { carryOut, stateOf } from './one-run.ts';
import { openCommon } from './open.ts';

/** What a process of one run is given. */
export type RunOrder = {
  readonly run: PlannedRun;
  readonly base: Options;
  readonly out: string;
  readonly goOn: string;
};

/** How the run went: measured, failed with an exit code and the words for the user, or neither where it was stopped. */
export type RunReport = {
  readonly measures?: Measures;
  readonly failure?: { readonly code: number; readonly words: string };
};

async function carriedOut({ run, base, out, goOn }: RunOrder): Promise<RunReport> {
  // The ablation lets go of its runs by a message when it is stopped, and by its end when it is killed.
  const released = new AbortController();
  for (const event of ['message', 'disconnect']) process.once(event, () => released.abort());
  if (!process.connected) released.abort();
  const measures = await interruptible(async (stop) => {
    const signal = AbortSignal.any([stop, released.signal]);
    const common = await openCommon(base, { quiet: true });
    try {
      return await carryOut(stateOf(run, out, common), common, { signal, goOn });
    } finally {
      await common.data.close();
    }
  });
  return measures === undefined ? {} : { measures };
}

keepGoingUnread();
keepGoingUnderNohup();
process.once('message', async (order: RunOrder) => {
  const report = await carriedOut(order).catch(
    (error): RunReport => ({
      failure: { code: exitCodeOf(error), words: errorText(error, ['batch', 'cache']) },
    }),
  );
  const code = report.failure?.code ?? (report.measures ? EXIT.done : EXIT.interrupted);
  if (process.connected) process.send?.(report, () => process.exit(code));
  else process.exit(code);
});
