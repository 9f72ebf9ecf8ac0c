import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodedCache } from '../src/node/decoded-cache.ts';
import { type ImageFolder, imageFolder } from '../src/node/index.ts';

const root = mkdtempSync(join(tmpdir(), 'twocan-decoded-'));
const [folder, cacheDir] = [join(root, 'photos'), join(root, 'cache')];
const COUNT = 6;

async function draw(i: number): Promise<void> {
  const create = {
    width: 30,
    height: 20 + i,
    channels: 3,
    background: { r: 9 * i, g: 7, b: 1 },
  } as const;
  await sharp({ create: { ...create, noise: { type: 'gaussian', mean: 99, sigma: 30 } } })
    .jpeg()
    .toFile(join(folder, `${i}.jpg`));
}

beforeAll(async () => {
  mkdirSync(folder);
  for (let i = 0; i < COUNT; i++) await draw(i);
});
afterAll(() => rmSync(root, { recursive: true }));

const kept = (): string[] =>
  readdirSync(cacheDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(cacheDir, name))
    .filter((path) => statSync(path).isFile());
const open = (options: object = {}): Promise<ImageFolder> =>
  imageFolder(folder, { cacheBytes: 0, shortSide: 16, ...options });
const allOf = async (photos: ImageFolder): Promise<unknown[]> => {
  const images = await Promise.all(
    Array.from({ length: photos.length }, (_, i) => photos.image(i)),
  );
  return [...images, [...photos.oneColour]];
};

it('gives the same bits as without, from files that are there then', async () => {
  const plain = await allOf(await open());
  expect(await allOf(await open({ cacheDir }))).toEqual(plain);
  expect(kept()).toHaveLength(COUNT);
  const times = kept().map((path) => statSync(path).mtimeMs);
  expect(await allOf(await open({ cacheDir }))).toEqual(plain);
  expect(kept().map((path) => statSync(path).mtimeMs)).toEqual(times);
});

it('reads what it kept, of this size alone', async () => {
  const decoded = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3), oneColour: false };
  const cache = decodedCache(join(root, 'own'), 1e6);
  expect(await cache.decoded('a', async () => decoded)).toEqual(decoded);
  const never = async () => Promise.reject(new Error('decoded again'));
  expect(await cache.decoded('a', never)).toEqual(decoded);
  await expect(cache.decoded('b', never)).rejects.toThrow('decoded again');
  const other = await (await open({ cacheDir, shortSide: 8 })).image(0);
  expect([other.width, other.height]).toEqual([12, 8]);
});

it.each<[string, (bytes: Buffer) => Buffer]>([
  ['cut off', (bytes) => bytes.subarray(0, -1)],
  ['empty', () => Buffer.alloc(0)],
  ['zeros in the place of its end', (bytes) => Buffer.from(bytes).fill(0, 100)],
  [
    'another size',
    (bytes) => Buffer.concat([bytes.subarray(0, 16), Buffer.of(9), bytes.subarray(17)]),
  ],
  ['something else', () => Buffer.from('something else')],
])('does not read a file that is damaged: %s', async (_, change) => {
  const plain = await allOf(await open());
  for (const path of kept()) writeFileSync(path, change(readFileSync(path)));
  expect(await allOf(await open({ cacheDir }))).toEqual(plain);
});

it('knows a picture that was replaced', async () => {
  const photos = await open({ cacheDir });
  await draw(5);
  utimesSync(join(folder, '5.jpg'), 1, 1);
  expect(await (await open({ cacheDir })).image(5)).toEqual(await (await open()).image(5));
  await photos.close();
});

it('takes two writers at a time and leaves no draft', async () => {
  rmSync(cacheDir, { recursive: true });
  const plain = await allOf(await open());
  const both = await Promise.all([open({ cacheDir }), open({ cacheDir }), open({ cacheDir })]);
  for (const found of await Promise.all(both.map(allOf))) expect(found).toEqual(plain);
  expect(kept()).toHaveLength(COUNT);
});

it('stays within its room; what nobody used for a day gives way', async () => {
  const place = join(root, 'bounded');
  const size = 30_000;
  const picture = (i: number) => async () => ({
    ...{ width: 100, height: 100, oneColour: true },
    data: new Uint8Array(size).fill(i),
  });
  // Pictures of 16 of the cache's 256 folders, with the room of these.
  const isUsed = (identity: string): boolean =>
    createHash('sha256').update(identity).digest('hex') < '10';
  const room = 16 * 2.5 * size;
  const fill = async (from: number): Promise<void> => {
    const cache = decodedCache(place, 16 * room);
    for (let i = from; i < from + 1500; i++) {
      if (isUsed(`${i}`)) await cache.decoded(`${i}`, picture(i));
    }
  };
  const files = (): string[] =>
    readdirSync(place, { recursive: true, encoding: 'utf8' })
      .map((name) => join(place, name))
      .filter((path) => statSync(path).isFile());
  await fill(0);
  const first = files();
  expect(first.length).toBeGreaterThan(25);
  expect(first.length * size).toBeLessThanOrEqual(room);
  await fill(5000);
  expect(files().filter((path) => first.includes(path))).toEqual(first);
  for (const path of files()) utimesSync(path, 1, 1);
  await fill(9000);
  expect(files().length * size).toBeLessThanOrEqual(room);
  expect(files().filter((path) => first.includes(path)).length).toBeLessThanOrEqual(
    first.length / 2,
  );
});

it('is none where nothing can be written', async () => {
  const blocked = join(root, 'blocked');
  writeFileSync(blocked, '');
  expect(await allOf(await open({ cacheDir: blocked }))).toEqual(await allOf(await open()));
});
