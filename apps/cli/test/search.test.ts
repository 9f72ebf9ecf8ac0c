import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhotos, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const [run, photos, copies] = ['run', 'photos', 'copies'].map(folder.path) as [
  string,
  string,
  string,
];
const given = ['search', '--model', run, '--data', photos];

beforeAll(async () => {
  await drawPhotos(photos, 2, 9);
  await drawPhotos(copies, 2, 3);
  const tiny = ['--data', 'shapes:8', '--batch', '4', '--steps', '2', '--checkpoint-every', '0'];
  expect((await twocan(['pretrain', ...tiny, '--out', run])).code).toBe(0);
});

let searches = 0;

type Hit = { readonly name: string; readonly cosine: number };

async function nearestOf(query: string, ...more: string[]): Promise<Hit[]> {
  const out = folder.path(`found-${++searches}.json`);
  const { code, stderr } = await twocan([...given, '--query', query, '--out', out, ...more]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan: ')]);
  return (JSON.parse(readFileSync(out, 'utf8')) as { nearest: Hit[] }).nearest;
}

test('the nearest images are those of the embeddings, the image itself first', async () => {
  const hits = await nearestOf(join(photos, 'class-1', '4.png'), '--top', '18');
  expect(hits[0]?.name).toBe('class-1/4.png');
  expect(hits[0]?.cosine).toBeCloseTo(1, 5);

  const out = folder.path('rows.jsonl');
  await twocan(['embed', '--model', run, '--data', photos, '--out', out]);
  const rows = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; features: number[] });
  const width = rows[0]?.features.length ?? 0;
  const mean = Array.from(
    { length: width },
    (_, d) => rows.reduce((sum, { features }) => sum + (features[d] ?? 0), 0) / rows.length,
  );
  const centred = rows.map(({ features }) => features.map((x, d) => x - (mean[d] ?? 0)));
  const self = centred[rows.findIndex(({ name }) => name === 'class-1/4.png')] ?? [];
  for (const { name, cosine } of hits) {
    const row = centred[rows.findIndex((other) => other.name === name)] ?? [];
    const product = row.reduce((sum, x, d) => sum + x * (self[d] ?? 0), 0);
    expect(cosine).toBeCloseTo(product / (Math.hypot(...row) * Math.hypot(...self)), 4);
  }
  expect(hits).toEqual([...hits].sort((a, b) => b.cosine - a.cosine));
});

test('an index gives the same answer', async () => {
  const [query, index] = [join(photos, 'class-0', '0.png'), folder.path('photos.safetensors')];
  const without = await nearestOf(query);
  expect(await nearestOf(query, '--index', index)).toEqual(without);
  expect(await nearestOf(query, '--index', index)).toEqual(without);
});

test('a copy is found as a duplicate, and drawn', async () => {
  copyFileSync(join(copies, 'class-0', '1.png'), join(copies, 'class-1', 'copy.png'));
  const [out, sheet] = [folder.path('pairs.json'), folder.path('pairs.png')];
  const args = ['search', '--model', run, '--data', copies, '--duplicates', '0.9999'];
  const { code, stdout } = await twocan([...args, '--out', out]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^1 pair /);
  const { pairs } = JSON.parse(readFileSync(out, 'utf8')) as { pairs: { names: string[] }[] };
  expect(pairs.map(({ names }) => names)).toEqual([['class-0/1.png', 'class-1/copy.png']]);
  expect((await twocan([...args, '--out', sheet])).code).toBe(0);
  expect((await sharp(sheet).metadata()).format).toBe('png');
});

test.each([
  [[], 'give one of --query IMAGE and --duplicates COSINE'],
  [['--query', 'a.png', '--duplicates', '0.9'], 'give one of'],
  [['--query', '/no/such.png'], 'does not exist'],
  [['--query', import.meta.filename], 'cannot be read: the contents are no image'],
  [['--duplicates', '2'], 'at most 1'],
  [['--duplicates', '0.9', '--out', 'x.gif'], '.png or .json'],
  [['--duplicates', '0.9', '--index', import.meta.filename], '--index'],
])('search %j exits with 2 and says why', async (args, message) => {
  const { code, stderr } = await twocan([...given, ...args]);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
});

test('a file that is no index is named, and stays as it is', async () => {
  const file = folder.path('notes.index');
  for (const content of ['', 'what I wrote', 'a longer text than the head of a safetensors file']) {
    writeFileSync(file, content);
    const { code, stderr } = await twocan([...given, '--duplicates', '0.9', '--index', file]);
    expect(stderr).toContain(`${file} is damaged, or no index of twocan search; name another file`);
    expect([code, readFileSync(file, 'utf8')]).toEqual([2, content]);
  }
});

test('inspect names a file as it was given', async () => {
  const { code, stderr } = await twocan(['inspect', folder.path('nowhere')]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^twocan: \/.*nowhere does not exist/)]);
});
