import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhotos, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const run = folder.path('run');
const photos = folder.path('photos');
const MACHINE = ['--backend', 'simd', '--threads', '1', '--cache', '0'];
const MODEL = ['--model', run, '--data', photos];
/** A short line of each command that computes on images. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  pretrain: ['--data', 'shapes:4', '--batch', '2', '--steps', '1', '--out', folder.path('second')],
  knn: MODEL,
  probe: [...MODEL, '--epochs', '1'],
  fewshot: [...MODEL, '--shots', '1', '--draws', '1'],
  finetune: [...MODEL, '--epochs', '1'],
  explain: MODEL,
  embed: [...MODEL, '--out', folder.path('features.npy')],
  search: [...MODEL, '--duplicates', '0.99'],
  reconstruct: [...MODEL, '--out', folder.path('sheet.png')],
};

beforeAll(async () => {
  await drawPhotos(photos, 2, 5);
  const begun = ['--data', 'shapes:4', '--batch', '2', '--steps', '1', '--out', run];
  expect((await twocan(['pretrain', ...begun, ...MACHINE])).code).toBe(0);
});

const ROWS: Rows = {
  'Threads for a backend that has none to choose': async () => {
    for (const backend of ['cpu', 'wasm']) {
      const args = ['embed', ...MODEL, '--out', folder.path('few.npy')];
      const { code, stderr } = await twocan([...args, '--backend', backend, '--threads', '2']);
      const note = `--threads 2 changes nothing: the backend ${backend}`;
      expect([code, stderr]).toEqual([0, expect.stringContaining(note)]);
    }
  },

  'A machine option out of range': async () => {
    for (const [command, line] of Object.entries(LINES)) {
      const args = [command, ...line, '--backend', 'sim', '--threads', '0', '--cache', '-1'];
      const outcome = await twocan(args);
      expectFailure(outcome, 2, /--cache must be a number of at least 0, got -1/);
      expectFailure(outcome, 2, /--backend must be one of .*, got sim; did you mean simd\?/);
      expectFailure(outcome, 2, /--threads must be a whole number of at least 1, got 0/);
    }
  },

  'A machine on which the native engine does not load': async () => {
    const hook = { NODE_OPTIONS: `--import ${new URL('../without-native.mjs', import.meta.url)}` };
    const why = 'its addon (is not built here|does not load: its C library is too old)';
    const data = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--out'];
    const never = folder.path('never-native');
    const named = ['pretrain', ...data, never, '--backend', 'native'];
    const message = new RegExp(
      `cannot use native: ${why}; \`npm run build\` builds it where Rust is`,
    );
    expectFailure(await twocan(named, undefined, hook), 2, message);
    expect(existsSync(never)).toBe(false);
    const auto = await twocan(['pretrain', ...data, folder.path('on-simd')], undefined, hook);
    expect(auto.code).toBe(0);
    expect(auto.stderr).toMatch(new RegExp(`^backend simd: .*native \\(${why}\\)$`, 'm'));
  },

  'A machine without the package that reads images': async () => {
    const hook = { NODE_OPTIONS: `--import ${new URL('../without-sharp.mjs', import.meta.url)}` };
    const install = /the package sharp.* npm install --include=optional sharp/;
    const out = ['--out', folder.path('never')];
    for (const line of [
      ['pretrain', '--data', photos, '--steps', '1', ...out],
      ['pretrain', '--data', 'shapes:4', '--batch', '2', '--steps', '1', ...out],
      ['embed', ...MODEL],
      ['search', ...MODEL, '--query', `${photos}/class-0/0.png`],
    ]) {
      expectFailure(await twocan(line, undefined, hook), 1, install);
    }
    expect(existsSync(folder.path('never'))).toBe(false);
    const examined = await twocan(['doctor'], undefined, hook);
    expect(examined.code).toBe(0);
    expect(examined.stdout).toMatch(/^sharp +the package sharp, .*npm install/m);
    expect(examined.stdout).toMatch(/^auto takes/m);
    expect(await twocan(['inspect', run], undefined, hook)).toMatchObject({ code: 0 });
  },
};

describeRows('Machine', ROWS);

test('every command that computes on images takes the same machine options', async () => {
  for (const [command, line] of Object.entries(LINES)) {
    const { code, stderr } = await twocan([command, ...line, ...MACHINE]);
    expect([command, code, stderr]).toEqual([command, 0, expect.not.stringContaining('twocan:')]);
  }
}, 200_000);

test('help has them in the same words everywhere', async () => {
  const linesOf = async (command: string): Promise<string[]> => {
    const { stdout } = await twocan([command, '--help']);
    const [, group = ''] = stdout.split('\nMachine\n');
    return (group.split('\n\n')[0] ?? '').split(/\s+/);
  };
  const expected = await linesOf('pretrain');
  expect(expected).toContain('--threads');
  for (const command of [...Object.keys(LINES), 'ablate']) {
    expect([command, await linesOf(command)]).toEqual([command, expected]);
  }
  expect(await linesOf('bench')).toEqual(expect.arrayContaining(['--backend', '--threads']));
}, 100_000);
