import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListOptions, listFolder, openable } from '../src/node/index.ts';

const root = mkdtempSync(join(tmpdir(), 'twocan-kept-'));
afterAll(() => rmSync(root, { recursive: true }));

const [data, cache] = [join(root, 'data'), join(root, 'cache')];
/** Files that are opened: a PNG and one without an ending. */
const [SHEET, PHOTO] = ['drawn', 'photo'];
const opened: string[] = [];
const options: ListOptions = {
  skipBeginning: {
    ending: '.png',
    bytes: 8,
    reason: (bytes) => {
      opened.push(bytes.toString('latin1'));
      return bytes.toString('latin1') === SHEET ? 'a sheet' : undefined;
    },
  },
};
const keeping = { ...options, cacheFolder: cache };
/** For longer than a change may go without a new time. */
const settle = (): Promise<void> => pause(2300);

/** What is found with the kept list, which must be what is found without, and how many files were opened for it. */
async function expectSameList(cacheFolder = cache): Promise<number> {
  opened.length = 0;
  const kept = await listFolder(data, { ...options, cacheFolder });
  const count = opened.length;
  expect(kept).toEqual(await listFolder(data, options));
  return count;
}

const COUNT = 20_000;
const at = (folder: string, name: string): string => join(data, folder, name);

/** What may happen to a folder; each to one of its own. */
const CHANGES: Readonly<Record<string, (own: string) => void>> = {
  nothing: () => undefined,
  added: (own) => writeFileSync(at(own, 'new.png'), SHEET),
  removed: (own) => rmSync(at(own, '0.png')),
  renamed: (own) => renameSync(at(own, '2.png'), at(own, '9.png')),
  replaced: (own) => {
    writeFileSync(join(root, 'other'), SHEET);
    renameSync(join(root, 'other'), at(own, '3.png'));
  },
  written: (own) => writeFileSync(at(own, '4.png'), SHEET),
  'written with the same time': (own) => {
    writeFileSync(at(own, '4.png'), SHEET);
    utimesSync(at(own, '4.png'), 1, 1);
  },
  'written, of no ending': (own) => writeFileSync(at(own, 'without'), 'GIF89a'),
  'behind a link': (own) => writeFileSync(join(root, `${own}-behind`), SHEET),
  'a folder in place of what is behind a link': (own) => {
    rmSync(join(root, `${own}-behind`));
    mkdirSync(join(root, `${own}-behind`));
    writeFileSync(join(root, `${own}-behind`, 'in.png'), PHOTO);
  },
  'a link in place of the folder': (own) => {
    renameSync(join(data, own), join(root, 'moved'));
    symlinkSync(join(root, 'moved'), join(data, own));
  },
  deeper: (own) => writeFileSync(at(own, 'deep/new.png'), PHOTO),
  'a time set back': (own) => {
    const { atime, mtime } = statSync(join(data, own));
    writeFileSync(at(own, 'new.png'), PHOTO);
    utimesSync(join(data, own), atime, mtime);
  },
};

beforeAll(() => {
  mkdirSync(join(data, 'many'), { recursive: true });
  writeFileSync(join(root, 'seed'), '');
  for (let i = 0; i < COUNT; i++) linkSync(join(root, 'seed'), join(data, 'many', `${i}.jpg`));
  for (const own of Object.keys(CHANGES)) {
    mkdirSync(at(own, 'deep'), { recursive: true });
    for (let i = 0; i < 5; i++) writeFileSync(at(own, `${i}.png`), i === 1 ? SHEET : PHOTO);
    writeFileSync(at(own, 'without'), 'words!');
    writeFileSync(at(own, '.hidden.png'), PHOTO);
    writeFileSync(openable(at(own, 'caf\udce9.png')), PHOTO);
    writeFileSync(join(root, `${own}-behind`), PHOTO);
    for (const link of ['link.png', 'link'])
      symlinkSync(join(root, `${own}-behind`), at(own, link));
  }
}, 60_000);

describe.skipIf(process.platform !== 'linux')(
  'the kept list of a large folder (kept on Linux alone)',
  () => {
    const lists = (): string[] =>
      readdirSync(join(cache, 'lists')).map((name) => join(cache, 'lists', name));
    const contents = (): string[] => lists().map((path) => readFileSync(path, 'latin1'));

    it('is kept once its folders were left alone, and spares files a look', async () => {
      await settle();
      const folders = Object.keys(CHANGES).length;
      expect(await expectSameList()).toBe(7 * folders);
      const before = contents();
      expect(before).toHaveLength(1);
      expect(await expectSameList()).toBe(folders); // what a link leads to may be any file
      expect(contents()).toEqual(before);
    });

    it('shows whatever happened to a file or a folder, at once and later', async () => {
      const copy = `${cache}-copy`;
      cpSync(cache, copy, { recursive: true });
      for (const [own, change] of Object.entries(CHANGES)) change(own);
      await expectSameList(copy);
      await settle();
      await expectSameList(); // by the list of before the changes
      await expectSameList();
      await expectSameList(copy);
    });

    it('changes that follow each other in no time are all seen', async () => {
      for (let i = 0; i < 20; i++) {
        writeFileSync(at('added', 'quick.png'), i % 2 === 0 ? SHEET : PHOTO);
        if (i % 3 === 0) rmSync(at('added', 'quick.png'));
        expect((await listFolder(data, keeping)).images.includes('added/quick.png')).toBe(
          i % 3 !== 0 && i % 2 === 1,
        );
      }
    });

    it('is made anew where it is damaged', async () => {
      const [name = ''] = readdirSync(join(cache, 'lists'));
      const place = join(cache, 'lists', name);
      await settle();
      for (const contents of ['', '{}', '{"format":"twocan/list/1","rows":[1]}', '[]', 'null']) {
        writeFileSync(place, contents);
        await expectSameList();
        expect(readFileSync(place).length).toBeGreaterThan(COUNT);
      }
      truncateSync(place, 1000);
      await expectSameList();
    });
  },
);

it('of few files nothing is kept, nor where nothing can be written', async () => {
  const few = join(root, 'small');
  mkdirSync(few);
  writeFileSync(join(few, '1.jpg'), '');
  const other = join(root, 'other-cache');
  await settle();
  expect((await listFolder(few, { cacheFolder: other })).images).toEqual(['1.jpg']);
  expect(existsSync(other)).toBe(false);
  writeFileSync(other, '');
  const { images } = await listFolder(data, { ...options, cacheFolder: other });
  expect(images.length).toBeGreaterThan(COUNT);
});
