import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, expect, test } from 'vitest';
import { readConfigFile } from '../src/args/config-file.ts';
import { SETTINGS } from '../src/args/options.ts';
import { scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const TINY = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--checkpoint-every', '0'];

function file(content: unknown): string {
  const path = folder.path('settings.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const configOf = (run: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as Record<string, unknown>;

const SCHEMA = readFileSync(new URL('../config.schema.json', import.meta.url), 'utf8');

test('the published schema has every setting, with its default', () => {
  const { properties } = JSON.parse(SCHEMA) as { properties: object };
  expect(Object.keys(properties)).toEqual(['$schema', ...Object.keys(SETTINGS)]);
  expect(properties).toMatchObject({ cropMin: { exclusiveMinimum: 0, maximum: 1, default: 0.2 } });
});

test('a file is taken where the published schema fits, by a validator of JSON Schema', () => {
  const fits = new Ajv2020({ strict: false }).compile(JSON.parse(SCHEMA) as object);
  const right = [
    { $schema: './config.schema.json', data: 'photos', batch: 1, weights: [0, 0, 1e30] },
    { maskRatio: 0.99, cropMin: 1e-9, pixels: 'raw', steps: Number.MAX_SAFE_INTEGER },
  ];
  const wrong = [
    ...[
      { batch: 0 },
      { batch: 1.5 },
      { batch: '2' },
      { batch: 2 ** 53 },
      { seed: -1 },
      { stepz: 1 },
    ],
    ...[
      { cropMin: 0 },
      { cropMin: 1.1 },
      { maskRatio: -0.1 },
      { maskRatio: 1 },
      { lr: 2e30 },
      { temperature: 0 },
    ],
    ...[
      { weights: [1, 1] },
      { weights: [1, 1, -1] },
      { weights: [1, 1, 1, 1] },
      { weights: '1,1,1' },
    ],
    ...[{ data: '' }, { data: 1 }, { preset: 'tiny' }, { pixels: null }, { epochs: 1, steps: 1 }],
  ];
  for (const settings of right) {
    expect([settings, fits(settings), readConfigFile(file(settings))]).toMatchObject([
      {},
      true,
      {},
    ]);
  }
  for (const settings of wrong) {
    expect([settings, fits(settings)]).toEqual([settings, false]);
    expect(() => readConfigFile(file(settings))).toThrow('settings.json');
  }
});

test('preset < file < flags, and --steps replaces the epochs of a file', async () => {
  const settings = { seed: 5, maskRatio: 0.25, epochs: 3, weights: [0.5, 0.35, 0.15] };
  const run = folder.path('layers');
  const own = ['--seed', '6', '--recipe', 'paper', '--out', run];
  const flags = [...TINY, '--config', file(settings), ...own];
  expect(await twocan(['pretrain', ...flags])).toMatchObject({ code: 0 });
  expect(configOf(run)).toMatchObject({
    seed: 6,
    steps: 1,
    model: { maskRatio: 0.25, temperature: 0.1, weights: { contrastive: 0.5 } },
    options: { seed: 6, maskRatio: 0.25, steps: 1 },
  });
});

test("a run's config.json starts the same run anew", async () => {
  const [first, second] = [folder.path('first'), folder.path('second')];
  await twocan(['pretrain', ...TINY, '--seed', '9', '--out', first]);
  const config = join(first, 'config.json');
  const { code } = await twocan(['pretrain', '--config', config, '--out', second]);
  expect(code).toBe(0);
  expect(configOf(second)).toEqual(configOf(first));
});

test.each([
  [{ stepz: 3 }, 'unknown setting stepz; did you mean steps?'],
  [{ preset: 'tiny' }, 'preset must be one of micro32'],
  [{ batch: 2.5 }, 'batch must be a whole number of at least 1, got 2.5'],
  [{ batch: '2' }, 'batch must be a whole number of at least 1, got "2"'],
  [{ weights: [1, 2] }, 'weights must be three numbers'],
  [{ epochs: 1, steps: 1 }, 'epochs and steps exclude each other'],
  [[1], 'must hold an object of settings'],
  ['{"steps": ', 'cannot be read as JSON'],
])('a wrong file, %j, is refused with its name', (content, message) => {
  expect(() => readConfigFile(file(content))).toThrow(message);
  expect(() => readConfigFile(file(content))).toThrow('settings.json');
});

test('everything wrong with a file is told at once; a missing file is named', async () => {
  const path = file({ batch: 0, seed: -1 });
  const both = await twocan(['pretrain', '--config', path]);
  expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/batch.*\n.*seed/)]);
  mkdirSync(folder.path('folder'));
  for (const missing of [folder.path('none.json'), folder.path('folder')]) {
    const { code, stderr } = await twocan(['pretrain', '--config', missing]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`--config ${missing}`)]);
  }
});
