#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { defineCommand, renderUsage, runCommand } from 'citty';
import { pretrain } from './commands/pretrain.ts';
import { EXIT, exitCodeOf } from './failure.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

const main = defineCommand({
  meta: { name: 'twocan', version, description: 'Self-supervised image pretraining in JavaScript' },
  subCommands: { pretrain },
});

// citty's own runMain exits with 1 for wrong usage and prints stacks; the exit codes here are ours.
async function start(words: string[]): Promise<number> {
  if (words.length === 0 || ['--help', '-h', 'help'].includes(words[0] ?? '')) {
    console.log(await renderUsage(main));
    return words.length === 0 ? EXIT.usage : EXIT.done;
  }
  if (words[0] === '--version') {
    console.log(version);
    return EXIT.done;
  }
  if (words[0] === 'pretrain' && words.some((word) => word === '--help' || word === '-h')) {
    console.log(await renderUsage(pretrain, main));
    return EXIT.done;
  }
  const { result } = await runCommand(main, { rawArgs: words });
  return typeof result === 'number'
    ? result
    : ((process.exitCode as number | undefined) ?? EXIT.done);
}

const words = process.argv.slice(2);
try {
  process.exitCode = await start(words);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`twocan: ${message}`);
  if (words.includes('--debug')) console.error(error);
  process.exitCode = exitCodeOf(error);
  if (process.exitCode === EXIT.usage)
    console.error("Run 'twocan pretrain --help' for the options.");
}
