import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { liveLine } from '../../terminal/live-line.ts';
import { messageStream } from '../../terminal/messages.ts';
import type { Measures } from '../measure.ts';
import type { RunOrder, RunReport } from './run-process.ts';

const PROGRAM = fileURLToPath(new URL('./run-process.js', import.meta.url));

/**
 * Trains and measures a run in a process of its own, whose lines come out with the run's name before.
 *
 * @param order the run
 * @param signal stops it between two steps, after a checkpoint
 * @returns its accuracies; undefined if it was stopped
 * @throws Error with the exit code of the process for a run that failed
 */
export function inProcess(order: RunOrder, signal: AbortSignal): Promise<Measures | undefined> {
  return new Promise((done, fail) => {
    const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const line = liveLine(messageStream());
    let [report, rest]: [RunReport | undefined, string] = [undefined, ''];
    // By a message: a terminal has sent its Ctrl-C to the process already, and a second signal kills.
    const release = (): void => {
      if (child.connected) child.send('stop', () => undefined);
    };
    signal.addEventListener('abort', release, { once: true });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const own of lines) line.print(`${order.run.name}: ${own}`);
    });
    child.on('message', (message) => {
      report = message as RunReport;
    });
    child.on('error', fail);
    child.on('close', (code, killer) => {
      signal.removeEventListener('abort', release);
      if (rest !== '') line.print(`${order.run.name}: ${rest}`);
      const { measures, failure } = report ?? {};
      if (failure) return fail(Object.assign(new Error(failure.words), { exitCode: failure.code }));
      if (measures !== undefined || signal.aborted) return done(measures);
      fail(new Error(`its process was ended by ${killer ?? `exit code ${code}`}`));
    });
    child.send(order);
  });
}
