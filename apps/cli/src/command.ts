import { type ArgsDef, defineCommand, runCommand } from 'citty';
import { EXIT } from './failure.ts';
import type { Flags, Topic } from './help.ts';
import { refuseUnknown } from './known-options.ts';
import type { Words } from './options.ts';

/** A command of the program: what its help says, and what it does. */
export type Command = Topic & {
  /** Runs it; gives the exit code. */
  readonly run: (rawArgs: string[]) => Promise<number>;
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
  const debug = { type: 'boolean', description: 'Print the stack of an error' } as const;
  const flags: Flags = { ...topic.flags, debug };
  const positional = Object.values(flags).some(({ type }) => type === 'positional');
  const definition = defineCommand({
    args: flags as ArgsDef,
    async run({ args }) {
      const words = args as Words;
      refuseUnknown(Object.keys(flags), words, positional);
      return (await work(words)) ?? EXIT.done;
    },
  });
  return {
    ...topic,
    flags,
    run: async (rawArgs) => (await runCommand(definition, { rawArgs })).result as number,
  };
}
