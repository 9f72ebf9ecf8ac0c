import { makeFolder } from '@twocan/checkpoint/node';
import type { Places } from './run-folder.ts';
import { lockRun } from './run-lock.ts';

/**
 * Does some work that Ctrl-C and SIGTERM ask to stop.
 *
 * @param work watches the signal, and saves before it returns
 * @returns what the work returns
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  // Once: a second Ctrl-C finds no listener and ends the process as it always did.
  const interrupt = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
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
