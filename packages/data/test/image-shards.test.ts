import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paxRecord, tarFile, tarMember } from '@twocan/testkit';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expandBraces,
  fingerprint,
  type ImageShards,
  imageFolder,
  imageShards,
  listFolder,
  markFiles,
} from '../src/node/index.ts';

const GOLDEN = fileURLToPath(new URL('golden/shards', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'twocan-shards-'));
const pngs: Buffer[] = [];

beforeAll(async () => {
  cpSync(GOLDEN, join(root, 'golden'), { recursive: true });
  for (let red = 0; red < 4; red++) {
    const create = {
      width: 4,
      height: 4,
      channels: 3,
      background: { r: red, g: 9, b: 9 },
    } as const;
    pngs.push(await sharp({ create }).png().toBuffer());
  }
});
afterAll(() => rmSync(root, { recursive: true }));

function put(name: string, contents: Uint8Array | string): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  return path;
}

type Member = { readonly name: string; readonly size: number; readonly sha256: string };
const listing: Readonly<Record<string, readonly Member[]>> = JSON.parse(
  readFileSync(join(GOLDEN, 'shards.json'), 'utf8'),
);

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digests = async (shards: ImageShards): Promise<string[]> =>
  Promise.all(shards.images.map(async (name) => digest(await shards.part(name).read())));
const image = (i: number): Buffer => pngs[i] as Buffer;

describe('shards of other programs', () => {
  it.each(['pax.tar', 'gnu.tar', 'ustar.tar', 'tar-gnu.tar', 'tar-posix.tar', 'tar-v7.tar'])(
    'the images of %s are those that Python reads',
    async (file) => {
      const shards = await imageShards(join(root, 'golden'), [file]);
      const theirs = (listing[file] ?? []).filter(({ name }) => name.endsWith('.png'));
      expect((await digests(shards)).toSorted()).toEqual(
        theirs.map(({ sha256 }) => sha256).toSorted(),
      );
      const labelled = file.startsWith('tar-');
      if (!labelled) {
        expect(shards.images.toSorted()).toEqual(theirs.map(({ name }) => name).toSorted());
      }
      await shards.close();
    },
  );

  it('reads numbers of classes, and their names', async () => {
    const files = ['wds-000.tar', 'wds-001.tar'];
    const shards = await imageShards(join(root, 'golden'), files);
    const numbers = ['000000', '000002', '000004', '000001', '000003', '000005'];
    expect(shards.images).toEqual(numbers.map((key) => `${Number(key) % 2}/${key}.png`));
    expect(shards.leftOut).toEqual([]);
    const names = await imageShards(join(root, 'golden'), files, { classNames: ['a/b', 'b'] });
    expect(names.images[0]).toBe('a\u2215b/000000.png');
    const twice = await imageShards(join(root, 'golden'), files, {
      classNames: ['crane', 'crane'],
    });
    expect([twice.images[0], twice.images[3]]).toEqual([
      'crane (0)/000000.png',
      'crane (1)/000001.png',
    ]);
  });

  it('finds labels that lie after all images, and leaves links out', async () => {
    const shards = await imageShards(join(root, 'golden'), ['tar-gnu.tar']);
    expect(shards.images).toEqual(['cat/a/0.png', 'dog/b/1.png']);
    expect(shards.leftOut).toEqual([
      { name: 'tar-gnu.tar/b/link.png', reason: 'a link in an archive, which is not followed' },
    ]);
  });

  it('takes the last of files of the same name, as tar does', async () => {
    const shards = await imageShards(join(root, 'golden'), ['appended.tar']);
    const last = listing['appended.tar']?.filter(({ name }) => name === './a/0.png').at(-1);
    expect(digest(await shards.part('cat/a/0.png').read())).toBe(last?.sha256);
    expect(shards.leftOut).toContainEqual({
      name: 'appended.tar/a/0.png',
      reason: 'a later file of the archive has the same name',
    });
  });

  it('says what a compressed shard is', async () => {
    const { leftOut } = await imageShards(join(root, 'golden'), ['compressed.tar']);
    expect(leftOut).toEqual([
      { name: 'compressed.tar', reason: 'is compressed with gzip; decompress it first: gunzip' },
    ]);
  });
});

describe('a folder and its shards', () => {
  const names = ['a.b/0.png', 'a/1.png', 'a/2.PNG', 'a/in/3.png'];

  it('have the same images in the same order, whatever shard they lie in', async () => {
    for (const [i, name] of names.entries()) put(`folder/${name}`, image(i));
    const member = (i: number) => ({ name: names[i] ?? '', contents: image(i) });
    put('split/x.tar', tarFile(member(3), member(0)));
    put('split/y.tar', tarFile(member(2), member(1)));
    const shards = await imageShards(join(root, 'split'), ['x.tar', 'y.tar']);
    const { images } = await listFolder(join(root, 'folder'));
    expect(shards.images).toEqual(images);
    const [ours, theirs] = [
      await markFiles(join(root, 'split'), shards.images, { parts: shards }),
      await markFiles(join(root, 'folder'), images),
    ];
    expect(fingerprint(ours)).toEqual(fingerprint(theirs));
    for (const cacheBytes of [0, 1e6]) {
      const from = { only: shards.images, parts: shards, cacheBytes };
      const unpacked = await imageFolder(join(root, 'folder'), { cacheBytes });
      const packed = await imageFolder(join(root, 'split'), from);
      expect(packed.inMemory).toBe(cacheBytes > 0);
      expect([packed.classes, packed.labels]).toEqual([unpacked.classes, unpacked.labels]);
      for (let i = 0; i < 4; i++) expect(await packed.image(i)).toEqual(await unpacked.image(i));
      await packed.close();
    }
  });

  it('marks large members by the same pieces', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
    put('large/0.png', bytes);
    put('large-shard/0.tar', tarFile({ name: '0.png', contents: bytes }));
    const shards = await imageShards(join(root, 'large-shard'), ['0.tar']);
    for (const whole of [false, true]) {
      const [ours] = await markFiles('', shards.images, { parts: shards, whole });
      const [theirs] = await markFiles(join(root, 'large'), ['0.png'], { whole });
      expect(ours?.digest).toBe(theirs?.digest);
    }
  });
});

describe('names of images', () => {
  it('that several shards have get the name of the shard', async () => {
    for (const i of [0, 1]) put(`same/${i}.tar`, tarFile({ name: 'c/0.png', contents: image(i) }));
    const shards = await imageShards(join(root, 'same'), ['0.tar', '1.tar']);
    expect(shards.images).toEqual(['c/0:0.png', 'c/1:0.png']);
    expect(await digests(shards)).toEqual([0, 1].map((i) => digest(image(i))));
  });

  it('have the part of their shard', async () => {
    const one = tarFile({ name: 'c/0.png', contents: image(0) });
    const files = ['train-00000-of-00002.tar', 'train-00001-of-00002.tar', 'deep/val.tar', '7.tar'];
    for (const file of files) put(`parts/${file}`, one);
    const { images } = await imageShards(join(root, 'parts'), files);
    expect(images).toEqual([
      'c/0.png',
      'deep/val/c/0.png',
      'train/c/train-00000-of-00002:0.png',
      'train/c/train-00001-of-00002:0.png',
    ]);
  });

  it('of a second image of a sample are left out, unless dots are a part of all names', async () => {
    const contents = image(0);
    const names = ['1.jpg', '1.seg.png', '2.png', '2.webp', 'cat.0.jpg', 'cat.1.jpg', '1.cls'];
    put(
      'second/0.tar',
      tarFile(...names.map((name) => ({ name, contents: name === '1.cls' ? 'z' : contents }))),
    );
    const { images, leftOut } = await imageShards(join(root, 'second'), ['0.tar']);
    expect(images).toEqual(['2.png', 'cat.0.jpg', 'cat.1.jpg', 'z/1.jpg']);
    expect(leftOut.map(({ name }) => name)).toEqual(['0.tar/1.seg.png', '0.tar/2.webp']);
  });

  it.each([
    ['../up.png', 'a name that leads out of the archive'],
    ['a/../../up.png', 'a name that leads out of the archive'],
    ['', 'a name that no file can have'],
    ['a\0b.png', 'a name that no file can have'],
    [`${'x'.repeat(5000)}.png`, 'a name of over 4096 bytes'],
    ['.hidden.png', 'a hidden file'],
    ['__MACOSX/a.png', 'in a folder of the operating system'],
    ['notes.cls', 'a label without its image'],
    ['a.npy', 'not an image: .npy'],
  ])('%j is left out and named', async (name, reason) => {
    const described = { name: 'pax', kind: 'x', contents: paxRecord('path', name) };
    const bytes = tarFile(
      described,
      { name: 'other', contents: image(1) },
      { name: '/abs//./0.png', contents: image(0) },
    );
    put('hostile/0.tar', bytes);
    const { images, leftOut } = await imageShards(join(root, 'hostile'), ['0.tar']);
    expect(images).toEqual(['abs/0.png']);
    expect(leftOut).toEqual([{ name: expect.any(String), reason }]);
  });
});

describe('labels', () => {
  it.each([
    ['1.cls', '12\n', '12/1.png'],
    ['1.cls', ' dog ', 'dog/1.png'],
    ['1.json', '{"label": 3}', '3/1.png'],
    ['1.json', '{"class_name": "a", "id": 1}', 'a/1.png'],
    ['1.json', '{"label": -1}', '1.png'],
    ['1.json', 'no json', '1.png'],
    ['1.cls', '', '1.png'],
    ['1.cls', '..', '(..)/1.png'],
    ['1.txt', 'a cat', '1.png'],
  ])('%s of %j', async (name, contents, expected) => {
    put('labels/0.tar', tarFile({ name: '1.png', contents: image(0) }, { name, contents }));
    const { images } = await imageShards(join(root, 'labels'), ['0.tar']);
    expect(images).toEqual([expected]);
  });
});

describe('damaged shards', () => {
  const size = (text: string): Buffer => Buffer.from(text, 'latin1');
  const first = { name: '0.png' };
  it.each<[string, () => Buffer, RegExp]>([
    ['empty', () => Buffer.alloc(0), /^is empty$/],
    ['cut off in a header', () => tarMember(first).subarray(0, 300), /^is cut off at byte 300$/],
    [
      'a size beyond its end',
      () => tarFile(first, { name: 'b', size: size('00077777777\0') }),
      /is cut off: a member of 16777215 bytes begins at byte 512/,
    ],
    [
      'a size that is garbage',
      () => tarFile(first, { name: 'b', size: size('zz9zz9zz9zz\0') }),
      /damaged from byte 512 on: it has a size that is no number/,
    ],
    [
      'a negative size',
      () => tarFile(first, { name: 'b', size: Buffer.alloc(12, 0xff) }),
      /damaged from byte 512 on: it has a size/,
    ],
    [
      'a huge size',
      () =>
        tarFile(first, {
          name: 'b',
          size: Buffer.concat([Buffer.of(0x80), Buffer.alloc(11, 0x7f)]),
        }),
      /damaged from byte 512 on: it has a size/,
    ],
    [
      'a wrong sum',
      () => tarFile(first, { name: 'b', sumIsWrong: true }),
      /damaged from byte 512 on: it is no header/,
    ],
    ['no end', () => tarMember(first), /no mark of its end: it may be cut off/],
    [
      'more behind its end',
      () => Buffer.concat([tarFile(first), tarFile(first)]),
      /has 2560 bytes behind its end, which are not read/,
    ],
    [
      'pax records of another form',
      () => tarFile(first, { name: 'p', kind: 'x', contents: '99 path=a\n' }),
      /description of another form/,
    ],
    [
      'a description without end',
      () => tarFile(first, ...Array(20).fill({ name: 'L', kind: 'L', contents: 'x' })),
      /too long a description/,
    ],
    ['text', () => Buffer.alloc(2000, 'no tar '), /^is no tar file$/],
  ])('%s: what lies before is used', async (_, make, reason) => {
    put('damaged/0.tar', make());
    const { images, leftOut } = await imageShards(join(root, 'damaged'), ['0.tar']);
    expect(leftOut).toContainEqual({ name: '0.tar', reason: expect.stringMatching(reason) });
    if (!/^is /.test(leftOut.at(-1)?.reason ?? '') || /member/.test(`${reason}`))
      expect(images).toEqual(['0.png']);
  });

  it('read base-256 sizes', async () => {
    const length = image(0).length;
    const own = Buffer.concat([
      Buffer.of(0x80),
      Buffer.alloc(9),
      Buffer.of(length >> 8, length & 255),
    ]);
    put('base/0.tar', tarFile({ name: '0.png', size: own, contents: image(0) }));
    const shards = await imageShards(join(root, 'base'), ['0.tar']);
    expect(await digests(shards)).toEqual([digest(image(0))]);
  });
});

describe('the index of a shard', () => {
  const lay = (name: string): string =>
    dirname(put(`${name}/0.tar`, tarFile({ name: '0.png', contents: image(0) })));

  it('is kept beside it, used while size and time are the same, and made anew', async () => {
    const folder = lay('index');
    await imageShards(folder, ['0.tar']);
    const index = join(folder, '.twocan/0.tar.json');
    const edited = readFileSync(index, 'utf8').replace('"0.png"', '"index.png"');
    writeFileSync(index, edited);
    expect((await imageShards(folder, ['0.tar'])).images).toEqual(['index.png']);
    utimesSync(join(folder, '0.tar'), 1, 1);
    expect((await imageShards(folder, ['0.tar'])).images).toEqual(['0.png']);
    writeFileSync(index, edited.slice(0, 100));
    expect((await imageShards(folder, ['0.tar'])).images).toEqual(['0.png']);
    expect(readdirSync(join(folder, '.twocan'))).toEqual(['0.tar.json']);
  });

  it('is in the cache where it cannot be beside', async () => {
    const folder = lay('no-index');
    writeFileSync(join(folder, '.twocan'), 'a file where the folder would be');
    const cacheFolder = join(root, 'cache');
    await imageShards(folder, ['0.tar'], { cacheFolder });
    const [name = ''] = readdirSync(join(cacheFolder, 'shards'));
    const index = join(cacheFolder, 'shards', name);
    writeFileSync(index, readFileSync(index, 'utf8').replace('"0.png"', '"kept.png"'));
    expect((await imageShards(folder, ['0.tar'], { cacheFolder })).images).toEqual(['kept.png']);
    expect((await imageShards(folder, ['0.tar'])).images).toEqual(['0.png']);
  });
});

describe('reading', () => {
  const OPEN = '/proc/self/fd';
  it('refuses a shard that is another one now, or gone, and goes on with the others', async () => {
    for (const i of [0, 1, 2]) {
      put(`gone/${i}.tar`, tarFile({ name: `${i}.png`, contents: image(i) }));
    }
    const folder = join(root, 'gone');
    const shards = await imageShards(folder, ['0.tar', '1.tar', '2.tar']);
    renameSync(join(folder, '1.tar'), join(folder, 'elsewhere'));
    appendFileSync(join(folder, '2.tar'), 'more');
    const { broken, length, close } = await imageFolder(folder, {
      only: shards.images,
      parts: shards,
    });
    expect(length).toBe(1);
    expect(broken).toEqual([
      { name: '1.png', reason: 'cannot be opened: ENOENT' },
      { name: '2.png', reason: 'its shard was changed since it was opened' },
    ]);
    await close();
  });

  it.runIf(existsSync(OPEN))(
    'holds few files open, counted where the system lists them',
    async () => {
      const names = Array.from({ length: 60 }, (_, i) => `${i}.tar`);
      for (const [i, name] of names.entries()) {
        put(`many/${name}`, tarFile({ name: `${i}.png`, contents: image(0) }));
      }
      const open = (): number => readdirSync(OPEN).length;
      const shards = await imageShards(join(root, 'many'), names);
      const before = open();
      for (let times = 0; times < 2; times++) {
        for (const name of shards.images) await shards.part(name).read();
      }
      expect(open() - before).toBeLessThanOrEqual(16);
      expect(open() - before).toBeGreaterThan(8);
      await Promise.all(shards.images.map((name) => shards.part(name).read()));
      expect(open() - before).toBeLessThanOrEqual(16);
      await shards.close();
      expect(open()).toBe(before);
    },
  );
});

describe('patterns', () => {
  it.each([
    ['a.tar', ['a.tar']],
    ['{8..11}.tar', ['8.tar', '9.tar', '10.tar', '11.tar']],
    ['{08..10}', ['08', '09', '10']],
    ['{2..0}', ['2', '1', '0']],
    ['{a,b}-{0..1}', ['a-0', 'a-1', 'b-0', 'b-1']],
    ['a{}b{x}', ['a{}b{x}']],
  ])('%s', (pattern, paths) => {
    expect(expandBraces(pattern)).toEqual(paths);
  });

  it('may not stand for more than a million', () => {
    expect(() => expandBraces('{0..999999999}')).toThrow(
      /expandBraces: pattern must stand for at most/,
    );
  });
});
