#!/usr/bin/env node
import { ablate } from './commands/ablate.ts';
import { bench } from './commands/bench.ts';
import { doctor } from './commands/doctor.ts';
import { embed } from './commands/embed.ts';
import { explain } from './commands/explain.ts';
import { fewshot } from './commands/fewshot.ts';
import { finetune } from './commands/finetune.ts';
import { inspect } from './commands/inspect.ts';
import { knn } from './commands/knn.ts';
import { pretrain } from './commands/pretrain.ts';
import { probe } from './commands/probe.ts';
import { reconstruct } from './commands/reconstruct.ts';
import { search } from './commands/search.ts';
import { setup } from './commands/setup.ts';
import { EXIT, exitCodeOf, usageError } from './failure.ts';
import { commandHelp, programHelp, styleFor } from './help.ts';
import { hint } from './nearest-name.ts';
import { version } from './version.ts';

const COMMANDS = [
  pretrain,
  knn,
  probe,
  fewshot,
  finetune,
  ablate,
  explain,
  embed,
  search,
  reconstruct,
  inspect,
  doctor,
  bench,
  setup,
];

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

// citty's own runMain exits with 1 for wrong usage and prints stacks; the exit codes here are ours.
async function start(words: string[]): Promise<number> {
  const [first = '--help', ...rest] = words;
  const style = styleFor(process.stdout);
  if (isHelp(first) || first === 'help') {
    console.log(programHelp('Self-supervised image pretraining in JavaScript', COMMANDS, style));
    return words.length === 0 ? EXIT.usage : EXIT.done;
  }
  if (first === '--version') {
    console.log(version);
    return EXIT.done;
  }
  const command = COMMANDS.find(({ name }) => name === first);
  if (command === undefined) {
    const names = COMMANDS.map(({ name }) => name);
    throw usageError(`unknown command ${first}${hint(first, names, '')}`);
  }
  if (rest.some(isHelp)) {
    console.log(commandHelp(command, style));
    return EXIT.done;
  }
  return command.run(rest);
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
    const known = COMMANDS.some(({ name }) => name === words[0]) ? ` ${words[0]}` : '';
    console.error(`Run 'twocan${known} --help' for the options.`);
  }
}
