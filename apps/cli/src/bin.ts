#!/usr/bin/env node
import { didYouMean } from '@twocan/pretrain/settings';
import { flagOf } from './args/flag-name.ts';
import { commandHelp, programHelp } from './args/help.ts';
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
import { errorText } from './terminal/error-text.ts';
import { EXIT, exitCodeOf, usageError } from './terminal/failure.ts';
import { keepGoingUnderNohup } from './terminal/hang-up.ts';
import { styleFor, widthFor } from './terminal/style.ts';
import { keepGoingUnread } from './terminal/unread-output.ts';
import { version } from './terminal/version.ts';

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

const HELP = ['--help', '-h', '-help', 'help'];
const VERSION = ['--version', '-v', '-V', 'version'];

const find = (name: string | undefined) => COMMANDS.find((command) => command.name === name);

async function start(words: readonly string[]): Promise<number> {
  const [first = '--help', ...rest] = words;
  const style = styleFor(process.stdout);
  const width = widthFor(process.stdout);
  if (HELP.includes(first)) {
    const [topic] = rest.filter((word) => !word.startsWith('-'));
    if (topic !== undefined) {
      console.log(commandHelp(find(topic) ?? refuse(topic, []), style, width));
      return EXIT.done;
    }
    const about = 'Self-supervised image pretraining in JavaScript';
    console.log(programHelp(about, COMMANDS, style, width));
    return words.length === 0 ? EXIT.usage : EXIT.done;
  }
  if (VERSION.includes(first)) {
    console.log(version);
    return EXIT.done;
  }
  const command = find(first) ?? refuse(first, rest);
  const asksHelp = rest.some((word) => word === '--help' || word === '-h' || word === '-help');
  if (asksHelp || (rest.length === 1 && rest[0] === 'help')) {
    console.log(commandHelp(command, style, width));
    return EXIT.done;
  }
  return command.run(rest);
}

/** Suggests a command for an unknown first word. */
function refuse(word: string, rest: readonly string[]): never {
  const names = COMMANDS.map(({ name }) => name);
  if (word.trim() === '') throw usageError('the first word must be a command, and it is empty');
  if (!word.startsWith('-')) {
    throw usageError(`unknown command ${word}${didYouMean(word.toLowerCase(), names, '')}`);
  }
  const near = didYouMean(word, ['--help', '--version'], '');
  throw usageError(
    near === ''
      ? `the first word must be a command, got ${word}; for example: twocan pretrain ${[word, ...rest].join(' ')}`
      : `unknown option ${word}${near}`,
  );
}

keepGoingUnread();
keepGoingUnderNohup();
const words = process.argv.slice(2);
try {
  process.exitCode = await start(words);
} catch (error) {
  const command = find(words[0]);
  console.error(`twocan: ${errorText(error, Object.keys(command?.settings ?? {}).map(flagOf))}`);
  if (words.includes('--debug')) console.error(error);
  process.exitCode = exitCodeOf(error);
  if (process.exitCode === EXIT.usage) {
    console.error(`Run 'twocan${command ? ` ${command.name}` : ''} --help' for the options.`);
  } else if (!(error instanceof Error && ('exitCode' in error || 'cause' in error))) {
    console.error('Run the same with --debug for the details.');
  }
}
