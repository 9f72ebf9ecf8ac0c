#!/usr/bin/env node
import { flagOf } from './args/flag-name.ts';
import type { Topic } from './args/help.ts';
import { programHelp } from './args/program-help.ts';
import { COMMANDS, type ListedCommand } from './commands.ts';
import type { RankError } from './run/ranks.ts';
import { errorText } from './terminal/error-text.ts';
import { EXIT, exitCodeOf, usageError } from './terminal/failure.ts';
import { keepGoingUnderNohup } from './terminal/hang-up.ts';
import { type Style, styleFor, widthFor } from './terminal/style.ts';
import { keepGoingUnread } from './terminal/unread-output.ts';
import { version } from './terminal/version.ts';

const HELP = ['--help', '-h', '-help', 'help'];
const VERSION = ['--version', '-v', '-V', 'version'];

const find = (name: string | undefined) => COMMANDS.find((command) => command.name === name);

/** Shows the help of a command. */
async function showHelp(listed: ListedCommand, style: Style, width: number): Promise<void> {
  const { commandHelp } = await import('./args/help.ts');
  const topic: Topic = { ...listed, ...(await listed.load()) };
  console.log(commandHelp(topic, style, width));
}

async function start(words: readonly string[]): Promise<number> {
  const [first = '--help', ...rest] = words;
  const style = styleFor(process.stdout);
  const width = widthFor(process.stdout);
  if (HELP.includes(first)) {
    const [topic] = rest.filter((word) => !word.startsWith('-'));
    if (topic !== undefined) {
      await showHelp(find(topic) ?? (await refuse(topic, [])), style, width);
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
  const listed = find(first) ?? (await refuse(first, rest));
  const asksHelp = rest.some((word) => word === '--help' || word === '-h' || word === '-help');
  if (asksHelp || (rest.length === 1 && rest[0] === 'help')) {
    await showHelp(listed, style, width);
    return EXIT.done;
  }
  return (await listed.load()).run(rest);
}

/** Suggests a command for an unknown first word. */
async function refuse(word: string, rest: readonly string[]): Promise<never> {
  const { didYouMean } = await import('@twocan/pretrain/settings');
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
  const settings = (await command?.load())?.settings ?? {};
  const { rankPrefix } = await import('./run/ranks.ts');
  const text = errorText(error, Object.keys(settings).map(flagOf));
  console.error(`twocan: ${rankPrefix()}${text}`);
  if (words.includes('--debug')) console.error(error);
  process.exitCode = exitCodeOf(error);
  if (process.exitCode === EXIT.usage) {
    console.error(`Run 'twocan${command ? ` ${command.name}` : ''} --help' for the options.`);
  } else if (!(error instanceof Error && ('exitCode' in error || 'cause' in error))) {
    console.error('Run the same with --debug for the details.');
  }
  (error as Partial<RankError> | undefined)?.endAll?.(process.exitCode);
}
