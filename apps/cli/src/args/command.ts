import {
  flag,
  type Given,
  type Schema,
  setting,
  type Values,
  withDefaults,
} from '@twocan/pretrain/settings';
import { EXIT } from '../terminal/failure.ts';
import type { Topic } from './help.ts';
import { parseWords } from './parse-words.ts';
import { givenOf } from './values.ts';

/** A command of the program: its help and its work. */
export type Command = Pick<Topic, 'settings' | 'examples'> & {
  /** Runs it; gives the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
};

const DEBUG = {
  debug: setting(flag, { text: 'Print the stack of an error, and what caused it', default: false }),
};

/**
 * Makes a command. It refuses options that it does not know, and has `--debug`.
 *
 * @param topic settings and examples
 * @param work what it does with the values, defaults filled in; it may give an exit code. The second
 *   argument has only what was given
 * @returns the command
 */
export function command<const S extends Schema>(
  topic: Pick<Topic, 'examples'> & { readonly settings: S },
  work: (values: Values<S>, given: Given<S>) => Promise<number | undefined>,
): Command {
  const settings = { ...topic.settings, ...DEBUG };
  return {
    ...topic,
    settings,
    run: async (args) => {
      const given = givenOf(parseWords(args, settings), topic.settings);
      return (await work(withDefaults(topic.settings, given), given)) ?? EXIT.done;
    },
  };
}
