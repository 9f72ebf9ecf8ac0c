import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  imageFolder,
  listFolder,
  nameOfBytes,
  openable,
  printable,
  readEndings,
} from '../src/node/index.ts';

let root = '';
let png = Buffer.alloc(0);

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'twocan-list-'));
  const create = { width: 4, height: 4, channels: 3, background: 'red' } as const;
  png = await sharp({ create }).png().toBuffer();
});
afterAll(() => rmSync(root, { recursive: true }));

function put(name: string, content: Uint8Array | string): void {
  const path = join(root, name);
  mkdirSync(openable(dirname(path)), { recursive: true });
  writeFileSync(openable(path), content);
}

describe('names', () => {
  it.each([
    ['ascii', Buffer.from('a.png'), 'a.png'],
    ['UTF-8', Buffer.from('写真 📷'), '写真 📷'],
    ['a replacement character that is one', Buffer.from('\uFFFD'), '\uFFFD'],
    ['Latin-1', Buffer.from('caf\xe9.png', 'latin1'), 'caf\udce9.png'],
    ['Shift JIS', Buffer.from([0x8e, 0xca, 0x90, 0x5e]), '\udc8e\u0290^'],
    ['half a character', Buffer.from([0x61, 0xe5, 0x86]), 'a\udce5\udc86'],
    ['a surrogate as bytes', Buffer.from([0xed, 0xb3, 0xa9]), '\udced\udcb3\udca9'],
  ])('%s is read and opened again', (_, bytes, name) => {
    expect(nameOfBytes(bytes)).toBe(name);
    expect(Buffer.from(openable(name) as string)).toEqual(bytes);
  });

  it('are printed without what moves a cursor', () => {
    expect(printable('a\nb\tc\x1b[2J\x9b\u202Ed\udce9 写真 📷.png')).toBe(
      'a\\nb\\tc\\x1B[2J\\x9B\\u202Ed\\xE9 写真 📷.png',
    );
  });
});

describe('listFolder', () => {
  it('finds every file: an image, or left out with a reason', async () => {
    put('all/a/1.png', png);
    put('all/a/2.bmp', png); // an image of another format than its ending says
    put('all/a/3', png);
    put('all/a/4.BMP', 'BM');
    put('all/a/5.heic', '    ftypheic');
    put('all/a/6.nef', 'II*\0');
    put('all/a/LICENSE', 'words');
    put('all/a/.DS_Store', '');
    put('all/.git/objects/1', '');
    put('all/.git/HEAD', '');
    put('all/b/x.JSON', '{}');
    put('all/b/y.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>');
    const { images, leftOut } = await listFolder(join(root, 'all'));
    expect(images).toEqual(['a/1.png', 'a/2.bmp', 'a/3', 'b/y.svg']);
    expect(leftOut).toEqual([
      { name: '.git/', reason: 'a hidden folder', files: 2 },
      { name: 'a/.DS_Store', reason: 'a hidden file' },
      { name: 'a/4.BMP', reason: 'an image format that is not read here: .bmp' },
      { name: 'a/5.heic', reason: 'an image format that is not read here: .heic' },
      { name: 'a/6.nef', reason: 'an image format that is not read here: .nef' },
      { name: 'a/LICENSE', reason: 'not an image: no ending' },
      { name: 'b/x.JSON', reason: 'not an image: .json' },
    ]);
    const folder = await imageFolder(join(root, 'all'));
    expect([folder.length, folder.broken]).toEqual([4, []]);
  });

  it('leaves out what its caller names, with the number of files', async () => {
    put('own/run/config.json', '{}');
    put('own/run/samples/1.png', png);
    put('own/1.png', png);
    put('own/sheet.png', Buffer.concat([png.subarray(0, 33), Buffer.from('mark')]));
    const { images, leftOut } = await listFolder(join(root, 'own'), {
      skipFolder: (_, names) => (names.includes('config.json') ? 'a run' : undefined),
      skipBeginning: {
        ending: '.png',
        bytes: 37,
        reason: (bytes) => (bytes.toString('latin1', 33) === 'mark' ? 'a sheet' : undefined),
      },
    });
    expect(images).toEqual(['1.png']);
    expect(leftOut).toEqual([
      { name: 'run/', reason: 'a run', files: 2 },
      { name: 'sheet.png', reason: 'a sheet' },
    ]);
  });

  it.skipIf(process.platform !== 'linux')(
    'reads files and folders whose names are not UTF-8 (only Linux has such names)',
    async () => {
      put('bytes/a/1.png', png);
      put('bytes/caf\udce9/\udcff.png', png);
      const folder = await imageFolder(join(root, 'bytes'));
      expect(folder.classes).toEqual(['a', 'caf\udce9']);
      expect(folder.name(1)).toBe('caf\udce9/\udcff.png');
      expect(folder.broken).toEqual([]);
      rmSync(openable(join(root, 'bytes/caf\udce9')), { recursive: true });
    },
  );

  it('gives classes by a rule of its caller', async () => {
    for (const name of ['deep/a/1.png', 'deep/b/1.png', 'deep/b/2.png']) put(`rule/${name}`, png);
    const classOf = (name: string): string => name.split('/')[1] ?? '';
    const folder = await imageFolder(join(root, 'rule'), { classOf });
    expect(folder.classes).toEqual(['a', 'b']);
    expect([...(folder.labels ?? [])]).toEqual([0, 1, 1]);
  });

  it('asks sharp which endings it reads', async () => {
    const endings = await readEndings();
    expect(endings).toEqual(expect.arrayContaining(['.jpg', '.png', '.webp', '.tif', '.avif']));
    expect(endings).not.toContain('.heic');
  });
});
