import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder, removeEmptyFolders, writeFileAtomic } from '../src/node/index.ts';

const root = mkdtempSync(join(tmpdir(), 'twocan-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a folder is made with those above it, which are returned and can be taken away', () => {
  const path = join(root, 'a/b/c');
  const made = makeFolder(path);
  expect(made).toEqual([join(root, 'a'), join(root, 'a/b'), path]);
  expect(makeFolder(path)).toEqual([]);
  writeFileSync(join(root, 'a/kept'), '');
  removeEmptyFolders(made);
  expect([existsSync(join(root, 'a')), existsSync(join(root, 'a/b'))]).toEqual([true, false]);
});

test('what cannot be made is refused, and nothing is left of what was begun', () => {
  const [file, gone] = [join(root, 'file'), join(root, 'link')];
  writeFileSync(file, '');
  symlinkSync(join(root, 'nowhere'), gone);
  mkdirSync(join(root, 'here'));
  const long = join(root, 'here/new', 'a'.repeat(300));
  const paths = [file, join(file, 'below'), gone, long, join(root, 'here/new/\0'), ''];
  for (const path of paths) expect(() => makeFolder(path), path).toThrow('makeFolder: ');
  expect(existsSync(join(root, 'here/new'))).toBe(false);
});

test.runIf(process.platform === 'linux')('/proc and /sys are refused at once', () => {
  for (const path of ['/proc/twocan', '/proc/a/b/c', '/sys/twocan']) {
    expect(() => makeFolder(path), path).toThrow('makeFolder: ');
  }
});

test('a file may have a name of 255 bytes', async () => {
  for (const name of ['a'.repeat(255), `${'é'.repeat(127)}a`]) {
    await writeFileAtomic(join(root, name), 'x');
    expect(existsSync(join(root, name))).toBe(true);
  }
});
