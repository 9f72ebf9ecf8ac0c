import { posix, win32 } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isWithin, labelOf, pathProblem } from '../src/files/path-names.ts';

describe('labels of runs', () => {
  test.each([
    ['C:\\data\\my photos', 'my-photos'],
    ['C:\\data\\photos\\', 'photos'],
    ['C:\\', 'data'],
    ['C:photos', 'photos'],
    ['\\\\server\\share\\cats', 'cats'],
    ['D:\\aux', 'data-aux'],
    ['D:\\Con.fused', 'data-Con.fused'],
    ['D:\\lpt9', 'data-lpt9'],
    ['D:\\console', 'console'],
    ['D:\\photos. ', 'photos'],
    ['\\\\?\\C:\\deep\\photos', 'photos'],
  ])('%s on Windows is %s', (folder, label) => expect(labelOf(folder, win32)).toBe(label));

  test.each([
    ['/data/my photos', 'my-photos'],
    ['/data/a\\b', 'a-b'],
    ['shapes:200', 'shapes'],
    ['/data/Фото 2', 'Фото-2'],
    ['/data/--help', 'help'],
    ['/data/$(rm)', 'rm'],
    ['/', 'data'],
    ['/data/...', 'data'],
    [`/data/${'x'.repeat(400)}`, 'x'.repeat(60)],
  ])('%s elsewhere is %s', (folder, label) => expect(labelOf(folder, posix)).toBe(label));
});

describe('paths that nothing can have', () => {
  test.each([
    ['runs\\nul', "'nul'"],
    ['C:\\runs\\COM1.npy', 'device'],
    ['C:/runs/lpt³', 'device'],
    ['runs\\con .txt', undefined],
    ['runs\\aux \\a', 'device'],
    ['runs\\a:b', 'has a :'],
    ['a.npy:stream', 'has a :'],
    ['runs\\what?', 'has a ?'],
    ['\\\\server\\share\\<a>', 'has a <'],
    ['runs\\photos.', 'dot or space'],
    ['runs\\photos \\a', 'dot or space'],
    ['runs\\a\tb', 'control character'],
    [`C:\\${'é'.repeat(256)}`, '256 letters'],
    ['..\\runs\\a.npy', undefined],
    ['C:\\Program Files\\a.npy', undefined],
    ['\\\\server\\share\\a.npy', undefined],
    [`C:\\${'é'.repeat(255)}`, undefined],
  ])('%j on Windows', (given, problem) => {
    const found = pathProblem(given, win32);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  test('elsewhere: length in bytes, NUL and nothing at all', () => {
    expect(pathProblem(`/a/${'é'.repeat(128)}`, posix)).toContain('256 bytes');
    expect(pathProblem('a\0b', posix)).toContain('NUL');
    expect(pathProblem('', posix)).toContain('empty');
    for (const fine of ['runs/aux', 'a:b?', 'photos. ', `/a/${'é'.repeat(127)}`, 'a\\b']) {
      expect(pathProblem(fine, posix), fine).toBeUndefined();
    }
  });
});

test('what lies in a folder, by the letters of the paths', () => {
  expect(isWithin('C:\\Photos\\a.png', 'c:\\photos', win32)).toBe(true);
  expect(isWithin('D:\\photos\\a.png', 'C:\\photos', win32)).toBe(false);
  expect(isWithin('\\\\server\\share\\a\\b', '\\\\server\\share\\a', win32)).toBe(true);
  expect(isWithin('/photos', '/photos', posix)).toBe(true);
  expect(isWithin('/photos/..a/b', '/photos', posix)).toBe(true);
  expect(isWithin('/photos2/a', '/photos', posix)).toBe(false);
  expect(isWithin('/photos/A', '/Photos', posix)).toBe(false);
});
