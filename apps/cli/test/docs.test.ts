import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS, flagOf } from './all-commands.ts';
import { BIN, drawPhotos, ENVIRONMENT, scratch } from './cli.ts';
import { shownFlags } from './shown-flags.ts';

// Every command of the documentation runs, in the order of its page and in a folder that has what the
// page supposes. Runs are cut to two steps of four images; nothing else is changed.
const DOCS = new URL('../../../docs/', import.meta.url);
const PAGES = readdirSync(DOCS).filter((name) => name.endsWith('.md'));
/** Lines that other programs run, or that need a network or what a network brought: .ci/native runs those. */
const OTHERS = [
  ...[
    'npm install -g twocan',
    'npm install twocan',
    'npm install --include=optional',
    'pip install tensorboard',
    'tensorboard --logdir runs',
  ],
  ...['twocan setup node', 'twocan setup node --check', 'twocan setup node-gpu'],
  ...['twocan setup webgpu', 'twocan bench --backend webgpu'],
];

const folder = scratch();
afterAll(folder.remove);

/** The lines of a page's shell blocks, indented ones included. */
function commandsOf(page: string): string[] {
  const text = readFileSync(new URL(page, DOCS), 'utf8');
  return [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !OTHERS.includes(line));
}

/** A line as it is run: the words after `twocan`, a pretraining cut short. */
function shortened(line: string): string[] {
  const [program, ...words] = line.split(' ');
  expect(program).toBe('twocan');
  const isNewRun = words[0] === 'pretrain' && !words.includes('--resume');
  // A rerun of a config that is short already must keep its settings.
  if (!isNewRun || words.some((word) => word.endsWith('config.json'))) return words;
  for (const flag of ['--epochs', '--batch']) {
    const at = words.indexOf(flag);
    if (at >= 0) words.splice(at, 2);
  }
  const parts = words.indexOf('--micro-batch');
  if (parts >= 0) words[parts + 1] = '2';
  return [...words, '--steps', '2', '--batch', '4', '--checkpoint-every', '0'];
}

function run(
  words: readonly string[],
  cwd: string,
): Promise<{ code: number | null; said: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [BIN, ...words], { cwd, env: ENVIRONMENT });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.on('error', fail);
    child.on('close', (code) => done({ code, said }));
  });
}

describe.each(PAGES)('%s', (page) => {
  const home = folder.path(page.replace('.md', ''));
  const lines = commandsOf(page);

  beforeAll(async () => {
    mkdirSync(home);
    await drawPhotos(join(home, 'photos'), 2, 6);
    await drawPhotos(join(home, 'labelled'), 2, 10);
    copyFileSync(join(home, 'photos/class-0/0.png'), join(home, 'cat.png'));
    writeFileSync(join(home, 'settings.json'), '{"data": "photos", "weights": [0.1, 0.6, 0.3]}');
  });

  test(`${lines.length} commands run`, { timeout: 400_000 }, async () => {
    for (const line of lines) {
      const { code, said } = await run(shortened(line), home);
      expect([line, code, said]).toEqual([line, 0, expect.not.stringContaining('twocan: ')]);
    }
  });

  test('links lead somewhere', () => {
    const text = readFileSync(new URL(page, DOCS), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(((?!http)[^)#]+)/g)) {
      expect(() => readFileSync(new URL(target, DOCS))).not.toThrow();
    }
  });
});

test('every option that a page shows is one of the command that it is shown with', () => {
  const names = COMMANDS.map(({ name }) => name);
  const flags = new Map(
    COMMANDS.map(({ name, settings }) => [name, Object.keys(settings).map(flagOf)]),
  );
  const everywhere = ['--help', '--version', '--experimental-vm-modules'];
  for (const page of PAGES) {
    const text = readFileSync(new URL(page, DOCS), 'utf8');
    for (const { flag, commands } of shownFlags(text, names)) {
      const some =
        everywhere.includes(flag) || commands.some((name) => flags.get(name)?.includes(flag));
      expect(some, `${page}: ${flag} is shown with ${commands.join(', ')}`).toBe(true);
    }
  }
});

test('the page on commands has a section for each', async () => {
  const { said } = await run(['--help'], folder.path('.'));
  const listed = [...said.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = '']) => name);
  const text = readFileSync(new URL('commands.md', DOCS), 'utf8');
  const headings = [...text.matchAll(/^## ([a-z]+)$/gm)].map(([, name = '']) => name);
  expect([...headings].sort()).toEqual([...listed].sort());
});

test('a flag is shown with the command of its line, its heading, its paragraph or its section', () => {
  const page = [
    '# A page',
    'First `--a`.',
    '## probe',
    'With `--b`, or as `knn` with `--c`; see `twocan embed --d`.',
    '',
    '```sh',
    'twocan explain --e 1 \\',
    '  --f',
    'tensorboard --logdir runs',
    '```',
    '## Another',
    'Then `--g`.',
    '',
    '| `--h` | in `knn` |',
    '| `--i` | alone |',
    '',
    '```sh',
    'twocan bench --j',
    '```',
  ].join('\n');
  const commands = ['pretrain', 'probe', 'knn', 'embed', 'explain', 'bench'];
  const shown = shownFlags(page, commands).map(({ flag, commands: of }) => [flag, of.join()]);
  expect(Object.fromEntries(shown)).toEqual({
    '--a': 'embed,explain,bench',
    '--b': 'probe,embed,knn',
    '--c': 'probe,embed,knn',
    '--d': 'embed',
    '--e': 'explain',
    '--f': 'explain',
    '--g': 'bench',
    '--h': 'knn',
    '--i': 'bench',
    '--j': 'bench',
  });
  expect(shownFlags('`--a`', commands)).toEqual([{ flag: '--a', commands: ['pretrain'] }]);
});
