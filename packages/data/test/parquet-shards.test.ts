import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageFolder, imageShards, markFiles } from '../src/node/index.ts';

const GOLDEN = fileURLToPath(new URL('golden/shards', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'twocan-parquet-'));
const listing: Readonly<Record<string, readonly { readonly sha256: string }[]>> = JSON.parse(
  readFileSync(join(GOLDEN, 'shards.json'), 'utf8'),
);

beforeAll(() => cpSync(GOLDEN, root, { recursive: true }));
afterAll(() => rmSync(root, { recursive: true }));

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const row = (name: string): number => Number(name.slice(name.lastIndexOf('/') + 1));

describe('Parquet files that pyarrow wrote', () => {
  it.each([
    ['hub.parquet', ['cat/000000', 'dog/000001', '000006']],
    ['hub-index.parquet', ['cat/000000', 'dog/000001', '000006']],
    ['plain.parquet', ['a/000000', 'b/000001', '000002']],
  ])('%s: the bytes of each row, twice, by name', async (file, some) => {
    const shards = await imageShards(root, [file]);
    expect(shards.images).toEqual(expect.arrayContaining(some));
    expect(shards.leftOut).toEqual([]);
    const theirs = listing[file]?.map(({ sha256 }) => sha256) ?? [];
    expect(shards.images).toHaveLength(theirs.length);
    for (let times = 0; times < 2; times++) {
      const bytes = await Promise.all(shards.images.map((name) => shards.part(name).read()));
      expect(bytes.map(digest)).toEqual(shards.images.map((name) => theirs[row(name)]));
    }
    await shards.close();
  });

  it('have the names of classes of a list, where they have none', async () => {
    const names = async (classNames: readonly string[]): Promise<readonly string[]> =>
      (await imageShards(root, ['two.parquet', 'none.parquet', 'null.parquet'], { classNames }))
        .images;
    expect(await names([])).toEqual(await names(['x']));
    const { images } = await imageShards(root, ['hub.parquet'], { classNames: ['x', 'y'] });
    expect(images).toContain('cat/000000');
  });

  it('are known by their index, and by their own parts', async () => {
    cpSync(join(root, 'hub.parquet'), join(root, 'train-00000-of-00002.parquet'));
    cpSync(join(root, 'hub-index.parquet'), join(root, 'train-00001-of-00002.parquet'));
    const files = [0, 1].map((i) => `train-0000${i}-of-00002.parquet`);
    const first = await imageShards(root, files);
    const again = await imageShards(root, files);
    expect(again.images).toEqual(first.images);
    expect(first.images.slice(0, 3)).toEqual(
      ['000000', '000002', '000004'].map((own) => `train/cat/train-00000-of-00002:${own}`),
    );
  });

  it('keep the order of files and rows within a class, and no name depends on another file', async () => {
    const files = ['part.0.parquet', 'part.1.parquet', 'part.2.parquet'];
    cpSync(join(root, 'hub.parquet'), join(root, 'part.0.parquet')); // rows of cats and dogs
    cpSync(join(root, 'plain.parquet'), join(root, 'part.1.parquet')); // of a and b
    cpSync(join(root, 'hub-index.parquet'), join(root, 'part.2.parquet'));
    const all = await imageShards(root, files);
    expect(all.leftOut).toEqual([]);
    expect(new Set(all.images).size).toBe(all.images.length);
    const cats = all.images.filter((name) => name.startsWith('cat/'));
    const shardAndRow = cats.map((name) =>
      /^cat\/part\.(\d):(\d+)$/.exec(name)?.slice(1).join(' '),
    );
    expect(shardAndRow.slice(0, 3)).toEqual(['0 000000', '0 000002', '0 000004']);
    expect(shardAndRow).toEqual(shardAndRow.toSorted());
    const bytes = await Promise.all(all.images.map((name) => all.part(name).read()));
    const sources = ['hub', 'plain', 'hub-index'].map((name) => listing[`${name}.parquet`]);
    expect(bytes.map(digest)).toEqual(
      all.images.map((name) => {
        const [, shard, own] = /part\.(\d):(\d+)$/.exec(name) ?? [];
        return sources[Number(shard)]?.[Number(own)]?.sha256;
      }),
    );
    const two = await imageShards(root, files.slice(0, 2));
    expect(two.images).toEqual(all.images.filter((name) => !name.includes('part.2:')));
    await Promise.all([all.close(), two.close()]);
  });

  it('are marked by the bytes of their images', async () => {
    const shards = await imageShards(root, ['hub.parquet']);
    const marks = await markFiles('', shards.images, { parts: shards });
    const theirs = listing['hub.parquet']?.map(({ sha256 }) => sha256.slice(0, 32));
    expect(marks.map(({ digest: own }) => own)).toEqual(
      marks.map(({ name }) => theirs?.[row(name)]),
    );
  });
});

describe('Parquet files with something wrong', () => {
  const leftOutOf = async (file: string) => (await imageShards(root, [file])).leftOut;

  it('rows without an image are named; the others are read', async () => {
    const shards = await imageShards(root, ['null.parquet']);
    expect(shards.images).toHaveLength(4);
    const { broken, length, close } = await imageFolder(root, {
      only: shards.images,
      parts: shards,
    });
    expect(length).toBe(2);
    expect(broken).toEqual(
      [1, 2].map((i) => ({ name: `00000${i}`, reason: 'has no bytes in its row' })),
    );
    await close();
  });

  it('of two columns of images that called image is read', async () => {
    const shards = await imageShards(root, ['two.parquet']);
    const hub = listing['hub.parquet']?.slice(0, 2).map(({ sha256 }) => sha256);
    const bytes = await Promise.all(shards.images.map((name) => shards.part(name).read()));
    expect(bytes.map(digest)).toEqual(hub);
    expect(shards.leftOut).toEqual([
      {
        name: 'two.parquet/mask/',
        files: 2,
        reason: 'a second column of images, beside image',
      },
    ]);
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ['empty', () => Buffer.alloc(0), /^is empty$/],
    ['text', () => Buffer.alloc(2000, 'no parquet '), /^is cut off, or is no Parquet file$/],
    ['short', () => Buffer.from('PAR1'), /^is cut off, or is no Parquet file$/],
    ['cut off', () => golden('hub').subarray(0, -200), /^is cut off, or is no Parquet file$/],
    ['another end', () => Buffer.from(golden('hub')).fill(0xff, 3000, 3800), /^is damaged/],
  ])('%s', async (name, make, reason) => {
    const file = `damaged-${name}.parquet`;
    writeFileSync(join(root, file), make());
    expect(await leftOutOf(file)).toEqual([{ name: file, reason: expect.stringMatching(reason) }]);
  });

  it('without a column of images', async () => {
    expect(await leftOutOf('none.parquet')).toEqual([
      { name: 'none.parquet', reason: 'has no column of images with their bytes' },
    ]);
  });

  it('no damage makes it hang or throw', async () => {
    const whole = golden('hub');
    for (let at = 5; at < whole.length; at += 97) {
      const bytes = Buffer.from(whole);
      bytes.fill((at * 7919) % 251, at, at + 3);
      const file = `flipped-${at}.parquet`;
      writeFileSync(join(root, file), bytes);
      const shards = await imageShards(root, [file]);
      for (const name of shards.images) {
        await shards
          .part(name)
          .read()
          .catch((error) => expect(error.name).toBe('PictureError'));
      }
      await shards.close();
    }
  });

  it('one that was cut off since is another one', async () => {
    const file = 'later.parquet';
    cpSync(join(root, 'hub.parquet'), join(root, file));
    const shards = await imageShards(root, [file]);
    truncateSync(join(root, file), 1000);
    await expect(shards.part('cat/000000').read()).rejects.toThrow(
      'its shard was changed since it was opened',
    );
  });
});

const golden = (name: string): Buffer => readFileSync(join(GOLDEN, `${name}.parquet`));
