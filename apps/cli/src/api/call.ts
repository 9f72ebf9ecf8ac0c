import { expectOptions, expectType } from '@twocan/core';
import { checkedValues, type Given, type Schema, type Values } from '@twocan/pretrain/settings';
import { writtenFlag } from '../args/flag-name.ts';
import { EXIT, exitCodeOf } from '../terminal/failure.ts';
import { type Listener, listening } from '../terminal/messages.ts';

/** Options of every function of this module, in addition to its settings. */
export type Messages = {
  /** Called with each line that the program would write to standard error; by default nothing is. */
  readonly onMessage?: Listener;
};

/** The options of a function: its settings, those with defaults left out at will. */
export type OptionsOf<S extends Schema> = Readonly<Given<S>> & Messages;

/**
 * Does what a function of this module does: checks its options, keeps the terminal quiet, and names
 * options in errors the way they are named in code.
 *
 * @param name of the function
 * @param settings what it is told
 * @param options what it was given
 * @param work what it does, with the values and with what was given of them
 * @returns what the work returns
 * @throws TypeError or RangeError that begins with the name; an error with code `NON_FINITE`
 */
export async function call<S extends Schema, R>(
  name: string,
  settings: S,
  options: OptionsOf<S>,
  work: (values: Values<S>, given: Given<S>) => Promise<R>,
): Promise<R> {
  expectOptions(name, 'options', options, []);
  const { onMessage = () => undefined, ...rest } = options;
  expectType(name, 'onMessage', onMessage, 'function');
  const given = rest as unknown as Given<S>;
  const values = checkedValues(name, settings, given);
  try {
    return await listening(onMessage, () => work(values, given));
  } catch (error) {
    throw inCode(name, Object.keys(settings), error);
  }
}

/** Errors of the command line name options as it does, such as `--mask-ratio`; a path may look like one. */
function inCode(name: string, options: readonly string[], error: unknown): unknown {
  if (!(error instanceof Error) || !('exitCode' in error)) return error;
  const text = options.reduce(
    (before, option) =>
      before.replace(new RegExp(`(?<![\\w/\\\\.-])${writtenFlag(option)}(?![\\w-])`, 'g'), option),
    error.message,
  );
  const cause = { cause: error };
  if (exitCodeOf(error) !== EXIT.nonFinite) return new RangeError(`${name}: ${text}`, cause);
  return Object.assign(new Error(`${name}: ${text}`, cause), { code: 'NON_FINITE' as const });
}
