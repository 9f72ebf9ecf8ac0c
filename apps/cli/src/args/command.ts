import { EXIT } from '../terminal/failure.ts';
import type { Flags, Topic } from './help.ts';
import type { Words } from './options.ts';
import { parseWords } from './parse-words.ts';

/** A command of the program: what its help says, and what it does. */
export type Command = Topic & {
  /** Runs it; gives the exit code. */
  readonly run: (args: readonly string[]) => Promise<number>;
};

/**
 * Makes a command. It refuses options that it does not know, and has `--debug`.
 *
 * @param topic name, description, options and examples
 * @param work what it does with the parsed words; may give an exit code
 * @returns the command
 */
export function command(
  topic: Topic,
  work: (words: Words) => Promise<number | undefined>,
): Command {
  const debug = {
    type: 'boolean',
    description: 'Print the stack of an error, and what caused it',
  } as const;
  const flags: Flags = { ...topic.flags, debug };
  return {
    ...topic,
    flags,
    run: async (args) => (await work(parseWords(args, flags))) ?? EXIT.done,
  };
}
