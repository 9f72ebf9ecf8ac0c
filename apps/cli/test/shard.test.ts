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
