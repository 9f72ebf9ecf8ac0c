import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { drawPhotos, metricsOf, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, expectRefused, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const RUN = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--threads', '1'];
const [run, photos, pair] = [folder.path('run'), folder.path('photos'), folder.path('pair')];
const MODEL = ['--model', run, '--backend', 'cpu'];
const ON_PHOTOS = [...MODEL, '--data', photos];
const QUERY = ['--query', join(photos, 'class-0', '0.png')];

beforeAll(async () => {
  await drawPhotos(photos, 2, 3);
  mkdirSync(pair);
  for (const name of ['a.png', 'b.png']) {
    copyFileSync(join(photos, 'class-0/0.png'), join(pair, name));
  }
  expect((await twocan(['pretrain', ...RUN, '--out', run])).code).toBe(0);
});

/** Each command line is refused within seconds, before any work. */
async function expectAllRefused(
  lines: readonly (readonly string[])[],
  message: string | RegExp,
): Promise<void> {
  for (const line of lines) {
    const before = performance.now();
    expectFailure(await twocan(line), 2, message);
    expect(performance.now() - before, line.join(' ')).toBeLessThan(20_000);
  }
}

const ROWS: Rows = {
  'An output folder that does not exist': async () => {
    const [npy, sheet] = [folder.path('new/deep/a.npy'), folder.path('also/new/sheet.png')];
    expect((await twocan(['embed', ...ON_PHOTOS, '--out', npy])).code).toBe(0);
    expect(readdirSync(folder.path('new/deep')).sort()).toEqual(['a.names.txt', 'a.npy']);
    expect((await twocan(['reconstruct', ...ON_PHOTOS, '--out', sheet])).code).toBe(0);
    expect(existsSync(sheet)).toBe(true);
  },

  'A place where nothing can be made': async () => {
    const file = folder.path('file');
    writeFileSync(file, 'mine');
    symlinkSync(folder.path('gone'), folder.path('dangling'));
    const below = [join(file, 'x'), join(folder.path('dangling'), 'x'), '/dev/null/x'];
    const places = process.platform === 'linux' ? [...below, '/proc/x', '/sys/a/b'] : below;
    for (const place of places) {
      const out = ['--out', place];
      await expectAllRefused(
        [
          ['pretrain', ...RUN, ...out],
          ['embed', ...ON_PHOTOS, '--out', join(place, 'a.npy')],
        ],
        /--out .* cannot be written: .*; give another place/,
      );
    }
    await expectAllRefused(
      [
        ['ablate', '--data', photos, '--out', file],
        ['finetune', ...ON_PHOTOS, '--batch', '2', '--out', join(file, 'x')],
        ['search', ...ON_PHOTOS, ...QUERY, '--index', join(file, 'x')],
        ['probe', ...ON_PHOTOS, '--confusion', join(file, 'x.png')],
      ],
      /cannot be written: /,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
  },

  'A name that is too long': async () => {
    const [long, names] = [folder.path('x'.repeat(256)), folder.path(`${'x'.repeat(250)}.npy`)];
    await expectRefused(RUN, /a part of 256 bytes, and 255 is the most/, long);
    await expectAllRefused(
      [['embed', ...ON_PHOTOS, '--out', names]],
      /names\.txt has a part of 260/,
    );
  },

  'An output in place of a folder or a device': async () => {
    const device = folder.path('device.npy');
    symlinkSync('/dev/null', device);
    await expectAllRefused([['embed', ...ON_PHOTOS, '--out', device]], /is no ordinary file/);
    const lines = [`${folder.path('new')}/`, photos].map((out) => [
      ...['explain', ...ON_PHOTOS, '--attention', out],
    ]);
    await expectAllRefused(lines, /is a folder; give a file/);
  },

  'An ending that does not say what is written': () =>
    expectAllRefused(
      [
        ['embed', ...ON_PHOTOS, '--out', folder.path('a.csv')],
        ['embed', ...ON_PHOTOS, '--out', folder.path('npy')],
        ['reconstruct', ...ON_PHOTOS, '--out', folder.path('a.jpg')],
        ['explain', ...ON_PHOTOS, '--attention', folder.path('a.html')],
        ['probe', ...ON_PHOTOS, '--confusion', folder.path('a.npy')],
        ['finetune', ...ON_PHOTOS, '--confusion', folder.path('a.png.gz')],
        ['search', ...ON_PHOTOS, ...QUERY, '--out', folder.path('a.jsonl')],
        ['search', ...ON_PHOTOS, ...QUERY, '--index', folder.path('a.npy')],
      ],
      /must end in .*, got /,
    ),

  'An output that is an input': async () => {
    const query = folder.path('query.png');
    copyFileSync(join(pair, 'a.png'), query);
    const before = readFileSync(query);
    const search = ['search', ...ON_PHOTOS, '--query', query];
    symlinkSync(query, folder.path('link.png'));
    await expectAllRefused(
      [
        [...search, '--out', query],
        [...search, '--out', folder.path('link.png')],
      ],
      /--out and --query are the same file/,
    );
    expect(readFileSync(query)).toEqual(before);
  },

  'A picture over one of the images': async () => {
    await expectAllRefused(
      [
        ['reconstruct', ...ON_PHOTOS, '--out', join(photos, 'class-1', '2.png')],
        ['search', ...ON_PHOTOS, ...QUERY, '--out', join(photos, 'class-0', '1.png')],
        ['probe', ...ON_PHOTOS, '--confusion', join(photos, 'class-0/../class-1/0.png')],
      ],
      /is one of the images of --data/,
    );
    // A sheet among them is drawn again.
    const args = ['reconstruct', ...ON_PHOTOS, '--out', join(photos, 'sheet.png')];
    expect((await twocan(args)).code).toBe(0);
    expect((await twocan(args)).stderr).toContain('will be replaced');
  },

  'A file that is there already': async () => {
    const out = folder.path('old.jsonl');
    writeFileSync(out, 'old');
    const { code, stderr } = await twocan(['embed', ...ON_PHOTOS, '--out', out]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('old.jsonl will be replaced')]);
    expect(readFileSync(out, 'utf8')).toMatch(/^\{"name":"class-0\/0.png"/);
  },

  'Two equal pictures and nothing else': async () => {
    const args = ['search', ...MODEL, '--data', pair, '--duplicates', '1'];
    const { code, stdout } = await twocan(args);
    expect(stdout).toBe('1 pair with a cosine of at least 1\n1.0000  a.png  b.png\n');
    expect(code).toBe(0);
  },

  'No pair to draw': async () => {
    const [single, out] = [folder.path('single'), folder.path('none.png')];
    mkdirSync(single);
    copyFileSync(join(pair, 'a.png'), join(single, 'a.png'));
    const args = ['search', ...MODEL, '--data', single, '--duplicates', '0.9', '--out', out];
    const { code, stdout, stderr } = await twocan(args);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^0 pairs/)]);
    expect(stderr).toContain('none.png is not written: there is no pair to draw');
  },

  'A cache folder that cannot be written': async () => {
    const file = join(photos, 'class-0/0.png');
    for (const cacheDir of [file, join(file, 'below'), '/proc/cache']) {
      const args = [...RUN, '--cache-dir', cacheDir];
      await expectRefused(
        args.with(1, photos),
        /--cache-dir .* cannot be written: .*; give another place, or leave --cache-dir out/,
        folder.path('refused'),
      );
    }
  },

  'A cache folder that is full': async () => {
    // Files where its folders would be: nothing can be kept, as on a full disk.
    const cacheDir = folder.path('full');
    mkdirSync(cacheDir);
    for (let i = 0; i < 256; i++)
      writeFileSync(join(cacheDir, i.toString(16).padStart(2, '0')), '');
    const args = ['pretrain', ...RUN.with(1, photos), '--cache', '0', '--backend', 'cpu', '--out'];
    const outs = [folder.path('kept-nothing'), folder.path('without-cache')];
    const outcomes = await Promise.all([
      twocan([...args, outs[0] ?? '', '--cache-dir', cacheDir]),
      twocan([...args, outs[1] ?? '']),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    const [ours, theirs] = outs.map(metricsOf);
    expect(ours?.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
    expect(readdirSync(cacheDir)).toHaveLength(256);
  },
};

describeRows('Outputs', ROWS);
