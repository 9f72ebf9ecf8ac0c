#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { defineCommand, renderUsage, runCommand } from 'citty';
import { doctor } from './commands/doctor.ts';
import { embed } from './commands/embed.ts';
import { inspect } from './commands/inspect.ts';
import { knn } from './commands/knn.ts';
import { pretrain } from './commands/pretrain.ts';
import { reconstruct } from './commands/reconstruct.ts';
import { search } from './commands/search.ts';
import { EXIT, exitCodeOf, usageError } from './failure.ts';
import { hint } from './known-options.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

const subCommands = { pretrain, knn, embed, search, reconstruct, inspect, doctor };
const main = defineCommand({
  meta: { name: 'twocan', version, description: 'Self-supervised image pretraining in JavaScript' },
  subCommands,
});

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

// citty's own runMain exits with 1 for wrong usage and prints stacks; the exit codes here are ours.
async function start(words: string[]): Promise<number> {
  const [first = '--help', ...rest] = words;
  if (isHelp(first) || first === 'help') {
    console.log(await renderUsage(main));
    return words.length === 0 ? EXIT.usage : EXIT.done;
  }
  if (first === '--version') {
    console.log(version);
    return EXIT.done;
  }
  const command = Object.entries(subCommands).find(([name]) => name === first)?.[1];
  if (command === undefined) {
    throw usageError(`unknown command ${first}${hint(first, Object.keys(subCommands), '')}`);
  }
  if (rest.some(isHelp)) {
    console.log(await renderUsage(command, main));
    return EXIT.done;
  }
  await runCommand(command, { rawArgs: rest });
  return (process.exitCode as number | undefined) ?? EXIT.done;
}

const words = process.argv.slice(2);
try {
  process.exitCode = await start(words);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`twocan: ${message}`);
  if (words.includes('--debug')) console.error(error);
  process.exitCode = exitCodeOf(error);
  if (process.exitCode === EXIT.usage) {
    const known = words[0] !== undefined && words[0] in subCommands ? ` ${words[0]}` : '';
    console.error(`Run 'twocan${known} --help' for the options.`);
  }
}
