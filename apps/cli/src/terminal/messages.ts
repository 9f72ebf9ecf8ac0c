import { AsyncLocalStorage } from 'node:async_hooks';
import type { Stream } from './live-line.ts';

/** Called with each line that the program would otherwise write to standard error. */
export type Listener = (line: string) => void;

const listeners = new AsyncLocalStorage<Listener>();

/**
 * Does some work whose messages go to a listener in place of the terminal. Work that goes on at the
 * same time is not affected.
 *
 * @param listener called with each line
 * @param work what writes messages
 * @returns what the work returns
 */
export const listening = <T>(listener: Listener, work: () => Promise<T>): Promise<T> =>
  listeners.run(listener, work);

/**
 * Prints a message to the user: standard output holds only results.
 *
 * @param line what happened, and what to do
 */
export function message(line: string): void {
  const listener = listeners.getStore();
  if (listener === undefined) console.error(line);
  else listener(line);
}

/**
 * Where messages and progress go.
 *
 * @returns standard error, or the listener's lines
 */
export function messageStream(): Stream {
  const listener = listeners.getStore();
  if (listener === undefined) return process.stderr;
  return {
    write: (text) => {
      for (const line of text.split('\n')) if (line !== '') listener(line);
    },
  };
}
