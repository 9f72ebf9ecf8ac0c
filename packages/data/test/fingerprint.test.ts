import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compareMarks, fingerprint, markFiles } from '../src/node/index.ts';

const root = mkdtempSync(join(tmpdir(), 'twocan-'));
afterAll(() => rmSync(root, { recursive: true }));

const NAMES = ['b/1.png', 'a/2.png', 'a/1.png'];

function folderOf(name: string, names: readonly string[] = NAMES): string {
  const folder = join(root, name);
  for (const file of names) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), `the bytes of ${file}`);
  }
  return folder;
}

test('a copy elsewhere with other times, listed in another order, has the same fingerprint', async () => {
  const folder = folderOf('original');
  const copy = join(root, 'copy');
  cpSync(folder, copy, { recursive: true });
  utimesSync(join(copy, 'a/1.png'), 1, 1);
  const [marks, copied] = [
    await markFiles(folder, NAMES),
    await markFiles(copy, NAMES.toReversed()),
  ];
  expect(marks.map(({ name }) => name)).toEqual(['a/1.png', 'a/2.png', 'b/1.png']);
  expect(fingerprint(copied)).toEqual(fingerprint(marks));
  expect(fingerprint(marks)).toMatchObject({ files: 3, bytes: 60 });
  expect(compareMarks(marks, copied)).toEqual({ added: [], removed: [], changed: [] });
});

test('what came, went or changed is named, also where size and times stay', async () => {
  const folder = folderOf('changing');
  const before = await markFiles(folder, NAMES);
  const file = join(folder, 'a/1.png');
  const { atime, mtime } = statSync(file);
  writeFileSync(file, readFileSync(file, 'utf8').toUpperCase());
  utimesSync(file, atime, mtime);
  const now = await markFiles(folderOf('changing', ['c/1.png']), ['c/1.png', 'a/1.png', 'a/2.png']);
  expect(compareMarks(before, now)).toEqual({
    added: ['c/1.png'],
    removed: ['b/1.png'],
    changed: ['a/1.png'],
  });
  expect(fingerprint(now).sha256).not.toBe(fingerprint(before).sha256);
});

test('a swap of two files, and a rename, change the fingerprint', async () => {
  const folder = folderOf('swap');
  const before = fingerprint(await markFiles(folder, NAMES));
  const [one, other] = [join(folder, 'a/1.png'), join(folder, 'a/2.png')];
  const texts = [readFileSync(one), readFileSync(other)] as const;
  writeFileSync(one, texts[1]);
  writeFileSync(other, texts[0]);
  expect(fingerprint(await markFiles(folder, NAMES)).sha256).not.toBe(before.sha256);
});

test('of a large file, its start, its end and what lies between are read in pieces', async () => {
  const folder = folderOf('large', []);
  mkdirSync(folder, { recursive: true });
  const bytes = new Uint8Array(1_000_000);
  const digestWith = async (at: number, whole = false): Promise<string | undefined> => {
    writeFileSync(join(folder, 'x'), bytes.with(at, bytes[at] === 0 ? 1 : 0));
    const [mark] = await markFiles(folder, ['x'], { whole });
    return mark?.digest;
  };
  const seen = new Set<string | undefined>();
  for (const at of [0, 65_600, 500_000, 999_999]) seen.add(await digestWith(at));
  expect(seen.size).toBe(4);
  // The documented gap, and its remedy.
  expect(await digestWith(20_000)).toBe(await digestWith(30_000));
  expect(await digestWith(20_000, true)).not.toBe(await digestWith(30_000, true));
});

test('of many files a spread sample is read, and the size of all', async () => {
  const names = Array.from({ length: 4200 }, (_, i) => `${i}.png`);
  const folder = folderOf('many', ['0.png']);
  for (const name of names.slice(1)) linkSync(join(folder, '0.png'), join(folder, name));
  const before = await markFiles(folder, names);
  expect(before.filter(({ digest }) => digest !== undefined)).toHaveLength(2100);
  const unread = before.find(({ digest }) => digest === undefined)?.name ?? '';
  rmSync(join(folder, unread));
  writeFileSync(join(folder, unread), 'of another size');
  expect(compareMarks(before, await markFiles(folder, names)).changed).toEqual([unread]);
});

test('a digest that is known is not read again while the file is as it was', async () => {
  const folder = folderOf('known');
  const known = (_: string, stamp: string): string => `known ${stamp.split(' ')[0]}`;
  const [mark] = await markFiles(folder, ['a/1.png'], { known });
  expect(mark?.digest).toBe('known 20');
  const [gone] = await markFiles(folder, ['gone.png'], { known });
  expect(gone).toEqual({ name: 'gone.png', size: -1, stamp: '' });
});
