import { expect, test } from 'vitest';
import { commandHelp, type Topic } from '../src/args/help.ts';
import { programHelp } from '../src/args/program-help.ts';
import { styleFor, widthFor } from '../src/terminal/style.ts';
import { COMMANDS } from './all-commands.ts';
import { twocan } from './cli.ts';

const plain = styleFor({ isTTY: false });

const topics: readonly Topic[] = COMMANDS;

test.each([40, 60, 80, 100, 120])('no line of any help is longer than %i columns', (columns) => {
  expect(topics.length).toBeGreaterThan(10);
  const pages = topics.map((topic) => commandHelp(topic, plain, columns));
  const lines = [programHelp('What it is', topics, plain, columns), ...pages]
    .join('\n')
    .split('\n');
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
  // The room is used: a page that is wrapped too early is hard to read as well.
  expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(columns - 6);
});

test('a page of help loses no words at any width', () => {
  const words = (topic: Topic, columns: number): string[] =>
    commandHelp(topic, plain, columns)
      .split(/[\s\\]+/)
      .filter((word) => word !== '');
  for (const topic of topics) expect(words(topic, 40)).toEqual(words(topic, 120));
});

test('an example of several lines is one command for a shell', () => {
  const [, examples = ''] = commandHelp(
    {
      name: 'x',
      description: 'X',
      settings: {},
      examples: ['twocan x --one 1 --two 2 --three 3 four'],
    },
    plain,
    40,
  ).split('Examples\n');
  expect(examples).toBe('  twocan x --one 1 --two 2 --three 3 \\\n    four');
});

test.each([
  [undefined, 72, 72],
  [undefined, undefined, 100],
  ['64', 72, 64],
  ['', 72, 72],
  ['wide', undefined, 100],
  ['0', undefined, 100],
  ['7', 72, 40],
  ['100000', 72, 120],
])('COLUMNS=%s on a terminal of %s columns gives %i', (variable, columns, expected) => {
  const before = process.env.COLUMNS;
  if (variable === undefined) delete process.env.COLUMNS;
  else process.env.COLUMNS = variable;
  const width = widthFor(columns === undefined ? {} : { columns });
  if (before === undefined) delete process.env.COLUMNS;
  else process.env.COLUMNS = before;
  expect(width).toBe(expected);
});

test('the program takes the width of its surroundings', async () => {
  const { stdout } = await twocan(['pretrain', '--help'], undefined, { COLUMNS: '60' });
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
});
