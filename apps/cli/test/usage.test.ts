import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);

test.each([
  [['--batch', '0'], '--batch must be a whole number of at least 1, got 0'],
  [['--lr', 'fast'], '--lr must be a number of at least 0, got fast'],
  [['--weights', '1,2'], '--weights must be three numbers'],
  [['--epochs', '1', '--steps', '1'], '--epochs and --steps exclude each other'],
  [
    ['--backend', 'cuda'],
    '--backend must be one of auto, cpu, wasm, simd, native, node, node-gpu, webgpu, got cuda',
  ],
  [['--stpes', '4'], 'unknown option --stpes'],
  [['shapes'], 'unexpected word shapes'],
  [['--data', 'shapes:none'], 'shapes:none'],
  [['--data', '/no/such/folder'], '/no/such/folder'],
  [['--preset', 'huge'], 'huge'],
  [['--method', 'magic'], 'magic'],
  [['--mask-ratio', '1.5'], '1.5'],
  [['--resume'], '--resume needs --out'],
])('pretrain %j exits with 2 and says why', async (args, message) => {
  const out = args.includes('--resume') ? [] : ['--out', folder.path('never')];
  const cpu = args.includes('--backend') ? [] : ['--backend', 'cpu'];
  const { code, stderr } = await twocan(['pretrain', ...cpu, ...out, ...args]);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
});

test('all problems are told at once', async () => {
  const { stderr } = await twocan([
    'pretrain',
    '--batch',
    '0',
    '--sede',
    '1',
    '--seed',
    '-1',
    '--lr=x',
    '--batch2',
  ]);
  expect(await twocan(['embed'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--model is needed: .*\n--data is needed: /),
  });
  expect(stderr).toMatch(/--sede; .*--seed\?\n.*--batch2; .*\n--batch must.*\n--lr .*\n--seed /);
});

test('a folder that is not a run is never touched', async () => {
  const precious = folder.path('precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'thesis.txt'), 'years of work');
  for (const flag of ['--overwrite', '--debug']) {
    const { code, stderr } = await twocan(['pretrain', '--out', precious, flag]);
    expect(stderr).toContain('holds no run');
    expect(code).toBe(2);
  }
  const resumed = await twocan(['pretrain', '--out', precious, '--resume']);
  expect(resumed.stderr).toContain('no config.json');
  expect(resumed.code).toBe(2);
});

test('--help and --version answer at once', async () => {
  expect((await twocan(['pretrain', '--help'])).stdout).toContain('--mask-ratio');
  expect((await twocan(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  expect((await twocan(['frobnicate'])).code).toBe(2);
});
