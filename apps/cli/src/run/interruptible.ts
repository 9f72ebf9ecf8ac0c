import { setImmediate } from 'node:timers/promises';
import { makeFolder } from '@twocan/checkpoint/node';
import { startedWithNohup } from '../terminal/hang-up.ts';
import type { Places } from './run-folder.ts';
import { lockRun } from './run-lock.ts';

/**
 * Does some work that can be stopped: by Ctrl-C, by SIGTERM, by a terminal that is closed.
 *
 * Under `nohup` a closed terminal stops nothing.
 *
 * @param work watches the signal, and saves before it returns
 * @returns what the work returns
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  // Once: a second Ctrl-C finds no listener and ends the process as it always did.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  // A terminal that closes may say so twice, by the system and by the shell.
  const closing = startedWithNohup() ? [] : (['SIGHUP'] as const);
  for (const signal of closing) process.on(signal, interrupt);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt);
  }
}

/**
 * The events of some training, with a turn of the event loop after each: signals arrive only there,
 * and training may compute for hours without one.
 *
 * @param events such as those of `fit`
 * @returns the same events
 */
export async function* heedingSignals<E>(events: AsyncIterable<E>): AsyncGenerator<E, void, void> {
  for await (const event of events) {
    yield event;
    await setImmediate();
  }
}

/**
 * Holds the run folder's lock during some work.
 *
 * @param folder the run's places
 * @param work what nobody else may do there meanwhile
 * @returns what the work returns
 * @throws Failure (exit code 2) while another process holds the folder
 */
export async function alone<T>(folder: Places, work: () => Promise<T>): Promise<T> {
  makeFolder(folder.path);
  const unlock = lockRun(folder.lock);
  try {
    return await work();
  } finally {
    unlock();
  }
}
