import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhotos, metricsOf, type Outcome, scratch, twocan } from './cli.ts';
import { parquetOf } from './parquet-of.ts';

const folder = scratch();
afterAll(folder.remove);

const [photos, shards] = [folder.path('photos'), folder.path('shards')];
const TINY = ['--batch', '4', '--backend', 'simd', '--threads', '1', '--cache', '0'];
const time = { timeout: 240_000 };

const shard = (data: string, out: string, ...more: readonly string[]): Promise<Outcome> =>
  twocan(['shard', data, '--out', out, '--shard-images', '5', ...more]);

/** Every file below a folder with its bytes, but for indexes. */
const contentsOf = (root: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.tar') || name.endsWith('.txt') || name === 'shards.json')
      .map((name) => [name, readFileSync(join(root, name), 'latin1')]),
  );

beforeAll(async () => {
  await drawPhotos(photos, 2, 6);
  writeFileSync(join(photos, 'class-0/notes.txt'), 'words');
  const { code, stdout, stderr } = await shard(photos, shards);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^12 images of 2 classes in 3 shards/)]);
  expect(stderr).toMatch(/left out 1 file: class-0\/notes\.txt/);
}, 60_000);

test(
  'a run on shards has the numbers of one on their folder, and goes on with either',
  time,
  async () => {
    const flags = (out: string, steps: string): string[] => [
      '--steps',
      steps,
      ...TINY,
      '--out',
      out,
    ];
    const runs = [photos, shards].map((data, i) => ({ data, out: folder.path(`run-${i}`) }));
    const outcomes = await Promise.all(
      runs.map(({ data, out }) => twocan(['pretrain', '--data', data, ...flags(out, '5')])),
    );
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    const [ofFolder, ofShards] = runs.map(({ out }) => metricsOf(out));
    expect(ofFolder?.length).toBeGreaterThanOrEqual(5);
    expect(ofShards).toEqual(ofFolder);
    const out = runs[0]?.out ?? '';
    const moved = ['--data', `${shards}/{00000..00002}.tar`];
    expect(await twocan(['pretrain', '--resume', ...moved, '--out', out])).toMatchObject({
      code: 0,
    });
    expect(await twocan(['pretrain', '--resume', '--out', out])).toMatchObject({ code: 0 });
  },
);

test('a run on Parquet has the numbers of one on a folder, and goes on', time, async () => {
  const [folderRun, out, data] = ['run-0', 'run-of-parquet', 'hub'].map(folder.path);
  const rows = Array.from({ length: 12 }, (_, i) => ({ label: i % 2, own: Math.floor(i / 2) }));
  mkdirSync(data ?? '');
  const image = rows.map(({ label, own }) =>
    readFileSync(join(photos, `class-${label}/${own}.png`)),
  );
  const labels = rows.map(({ label }) => label);
  const file = parquetOf({ columns: { image }, labels, classes: ['class-0', 'class-1'] });
  writeFileSync(join(data ?? '', '00000-of-00001.parquet'), file);
  const pattern = `${data}/{00000..00000}-of-00001.parquet`;
  const args = ['--data', pattern, ...TINY, '--checkpoint-every', '3', '--out', out ?? ''];
  expect(await twocan(['pretrain', ...args, '--steps', '5'])).toMatchObject({ code: 0 });
  // As a call leaves it that was killed after the checkpoint of step 3.
  const checkpoints = join(out ?? '', 'checkpoints');
  const last = readdirSync(checkpoints).toSorted().at(-1) ?? '';
  rmSync(join(checkpoints, last), { recursive: true });
  const resumed = await twocan(['pretrain', '--resume', '--data', data ?? '', '--out', out ?? '']);
  expect(resumed).toMatchObject({ code: 0 });
  expect(readdirSync(checkpoints)).toContain(last);
  const [ours, theirs] = [out, folderRun].map((run) =>
    metricsOf(run ?? '').flatMap(({ loss }) => loss ?? []),
  );
  expect(ours).toHaveLength(5);
  expect(ours).toEqual(theirs);
});

test(
  'the same folder and settings give the same bytes, also after an interruption',
  time,
  async () => {
    const [again, other, cut] = ['again', 'other', 'cut'].map((name) => folder.path(name));
    expect(await shard(photos, again ?? '')).toMatchObject({ code: 0 });
    expect(contentsOf(again ?? '')).toEqual(contentsOf(shards));
    expect(await shard(photos, other ?? '', '--seed', '1')).toMatchObject({ code: 0 });
    expect(contentsOf(other ?? '')['00000.tar']).not.toBe(contentsOf(shards)['00000.tar']);
    // As a call leaves it that was killed after the first shard.
    mkdirSync(cut ?? '');
    cpSync(join(shards, '00000.tar'), join(cut ?? '', '00000.tar'));
    const { digest } = JSON.parse(readFileSync(join(shards, 'shards.json'), 'utf8'));
    writeFileSync(join(cut ?? '', '.twocan-unfinished.json'), JSON.stringify({ digest }));
    const { code, stderr } = await shard(photos, cut ?? '');
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 of 3 shards are there already')]);
    expect(contentsOf(cut ?? '')).toEqual(contentsOf(shards));
    expect(readdirSync(cut ?? '')).not.toContain('.twocan-unfinished.json');
  },
);

test('parts stay apart, classes have their names, and no two samples have one', time, async () => {
  const [data, out] = [folder.path('parts'), folder.path('of-parts')];
  for (const part of ['train', 'val']) cpSync(photos, join(data, part), { recursive: true });
  const class0 = join(data, 'train/class-0');
  for (const name of ['a.b.png', 'a_b.png', `${'n'.repeat(120)}é.png`]) {
    cpSync(join(class0, '0.png'), join(class0, name));
  }
  expect(await shard(data, out)).toMatchObject({ code: 0 });
  expect(readFileSync(join(out, 'classnames.txt'), 'utf8')).toBe('class-0\nclass-1\n');
  const model = folder.path('run-0');
  const knn = await twocan(['knn', '--model', model, '--data', out, '--json', '--backend', 'cpu']);
  expect(JSON.parse(knn.stdout)).toMatchObject({ trainImages: 15, testImages: 12, classes: 2 });
});

/** The bytes of all files of some shards by name, as the program tar finds them. */
const unpacked = (root: string): Record<string, string> => {
  const to = `${root}-unpacked`;
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!name.endsWith('.tar')) continue;
    const place = join(to, name.split('/').slice(0, -1).join('/'));
    mkdirSync(place, { recursive: true });
    execFileSync('tar', ['-xf', join(root, name), '-C', place]);
  }
  return Object.fromEntries(
    readdirSync(to, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path.slice(to.length + 1), readFileSync(path, 'latin1')]),
  );
};

test('shards are written anew from shards: same files, parts and classes', time, async () => {
  const [data, parts, again] = ['of-parts', 'of-parts-of-two', 'parts-again'].map(folder.path);
  expect(await shard(data ?? '', again ?? '', '--seed', '3')).toMatchObject({ code: 0 });
  expect(unpacked(again ?? '')).toEqual(unpacked(data ?? ''));
  expect(readFileSync(join(again ?? '', 'classnames.txt'), 'utf8')).toBe('class-0\nclass-1\n');
  // The same parts as folders beside each other, one of which is given.
  const { code, stdout } = await shard(join(data ?? '', 'train'), parts ?? '');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^27 images of 2 classes in 6 shards/)]);
  expect(unpacked(parts ?? '')).toEqual(unpacked(data ?? ''));
});

test('numbers of classes stay when numbered shards are written anew', time, async () => {
  const [data, numbered, again] = ['many', 'numbered', 'numbered-again'].map(folder.path);
  for (let c = 0; c < 12; c++) {
    cpSync(join(photos, 'class-0/0.png'), join(data ?? '', `${c}/${c}.png`));
  }
  expect(await shard(data ?? '', numbered ?? '')).toMatchObject({ code: 0 });
  rmSync(join(numbered ?? '', 'classnames.txt')); // as of a program that writes none
  expect(await shard(numbered ?? '', again ?? '', '--seed', '1')).toMatchObject({ code: 0 });
  const files = unpacked(again ?? '');
  expect(Object.keys(files)).toHaveLength(24);
  for (let c = 0; c < 12; c++) expect(files[`${c}/${c}.cls`]).toBe(String(c));
});

test(
  'shards are written from Parquet, with the classes, parts and endings of its rows',
  time,
  async () => {
    const [data, out] = ['hub-parts', 'of-hub-parts'].map(folder.path);
    mkdirSync(data ?? '');
    const classes = ['class-0', 'class-1'];
    const bytes = (label: number, own: number): Buffer =>
      readFileSync(join(photos, `class-${label}/${own}.png`));
    const put = (name: string, rows: readonly (readonly [number, number])[]): void => {
      const image = [...rows.map(([label, own]) => bytes(label, own)), null];
      const labels = [...rows.map(([label]) => label), 0];
      writeFileSync(join(data ?? '', name), parquetOf({ columns: { image }, labels, classes }));
    };
    put('train-00000-of-00002.parquet', [
      [0, 0],
      [1, 1],
      [0, 2],
    ]);
    put('train-00001-of-00002.parquet', [
      [0, 3],
      [1, 4],
    ]);
    put('validation-00000-of-00001.parquet', [
      [1, 0],
      [0, 5],
    ]);
    const { code, stdout, stderr } = await shard(data ?? '', out ?? '');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^7 images of 2 classes in 2 shards/),
    ]);
    expect(stderr).toMatch(/left out 3 files: .*\(has no bytes in its row\)/);
    expect(readFileSync(join(out ?? '', 'classnames.txt'), 'utf8')).toBe('class-0\nclass-1\n');
    const files = unpacked(out ?? '');
    const images = Object.entries(files).filter(([name]) => name.endsWith('.png'));
    const [first, second] = ['train-00000-of-00002', 'train-00001-of-00002'];
    expect(Object.fromEntries(images)).toEqual(
      Object.fromEntries(
        [
          [`train/class-0/${first}:000000`, bytes(0, 0)] as const,
          [`train/class-1/${first}:000001`, bytes(1, 1)] as const,
          [`train/class-0/${first}:000002`, bytes(0, 2)] as const,
          [`train/class-0/${second}:000000`, bytes(0, 3)] as const,
          [`train/class-1/${second}:000001`, bytes(1, 4)] as const,
          ['validation/class-1/000000', bytes(1, 0)] as const,
          ['validation/class-0/000001', bytes(0, 5)] as const,
        ].map(([name, own]) => [`${name}.png`, own.toString('latin1')]),
      ),
    );
    for (const [name] of images) {
      expect(files[name.replace('.png', '.cls')]).toBe(name.includes('class-1') ? '1' : '0');
    }
    expect(Object.keys(files)).toHaveLength(14);
  },
);
