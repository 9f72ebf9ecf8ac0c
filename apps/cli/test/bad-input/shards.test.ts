import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type MadeMember, tarFile, tarMember } from '@twocan/testkit';
import { afterAll, beforeAll, expect } from 'vitest';
import { drawPhotos, type Outcome, scratch, stepsOf, twocan } from '../cli.ts';
import { parquetOf } from '../parquet-of.ts';
import { describeRows, expectFailure, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const [run, photos] = [folder.path('run'), folder.path('photos')];
const TINY = ['--batch', '2', '--checkpoint-every', '0', '--backend', 'simd', '--threads', '1'];
const HEADER = 512;

beforeAll(async () => {
  await drawPhotos(photos, 2, 4);
  const args = ['pretrain', '--data', 'shapes:8', '--steps', '1', ...TINY, '--out', run];
  expect((await twocan(args)).code).toBe(0);
});

/** Image I of class C, and the member `I.png`. */
const bytesOf = (c: number, i: number): Buffer => readFileSync(join(photos, `class-${c}/${i}.png`));
const image = (i: number, name = `${i}.png`): MadeMember => ({
  name,
  contents: bytesOf(Math.floor(i / 4), i % 4),
});

function lay(name: string, shards: Readonly<Record<string, Uint8Array>>): string {
  const root = folder.path(name);
  for (const [own, bytes] of Object.entries(shards)) {
    mkdirSync(dirname(join(root, own)), { recursive: true });
    writeFileSync(join(root, own), bytes);
  }
  return root;
}

let outputs = 0;
/** Writes the features of all images of some data; the output's names. */
async function embed(
  data: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome & { readonly names: readonly string[] }> {
  const out = folder.path(`features-${outputs++}`);
  const args = ['--model', run, '--data', data, '--out', `${out}.npy`, '--backend', 'cpu'];
  const outcome = await twocan(['embed', ...args], undefined, environment);
  const names =
    outcome.code === 0 ? readFileSync(`${out}.names.txt`, 'utf8').trim().split('\n') : [];
  return { ...outcome, names };
}

async function expectNames(data: string, names: readonly string[], note: RegExp): Promise<void> {
  const found = await embed(data);
  expect([found.code, found.stderr, found.names]).toEqual([0, expect.stringMatching(note), names]);
}

const ROWS: Rows = {
  'A shard that is cut off': async () => {
    const whole = tarFile(image(0), image(1), image(2));
    const at = tarMember(image(0)).length + tarMember(image(1)).length;
    const data = lay('cut', { '0.tar': whole.subarray(0, at + HEADER + 10) });
    await expectNames(
      data,
      ['0.png', '1.png'],
      new RegExp(`0\\.tar \\(is cut off: a member of \\d+ bytes begins at byte ${at}`),
    );
  },

  'A shard that is empty or no tar file': async () => {
    const damaged = { '1.tar': Buffer.alloc(0), '2.tar': Buffer.from('words') };
    const data = lay('empty', { '0.tar': tarFile(image(0)), ...damaged });
    await expectNames(
      data,
      ['0.png'],
      /left out 2 files: 1\.tar \(is empty\), 2\.tar \(is cut off at byte 5\)/,
    );
    expectFailure(
      await embed(lay('all-empty', damaged)),
      2,
      /no pictures in .*\n.*1\.tar \(is empty\)/,
    );
  },

  'A compressed shard': async () => {
    const bytes = gzipSync(tarFile(image(0)));
    for (const [name, how] of [
      ['0.tar', /0\.tar \(is compressed with gzip; decompress it first: gunzip\)/],
      ['0.tar.gz', /0\.tar\.gz \(a compressed archive: decompress it to a \.tar first\)/],
    ] as const) {
      expectFailure(await embed(lay(`compressed-${name}`, { [name]: bytes })), 2, how);
    }
  },

  'A pattern of which some shards are missing': async () => {
    const data = lay('missing', { '0.tar': tarFile(image(0)), '2.tar': tarFile(image(1)) });
    const outcome = await embed(join(data, '{0..3}.tar'));
    expectFailure(outcome, 2, /2 of 4 shards are not there, the first: .*1\.tar/);
    const { code, names } = await embed(join(data, '{0,2}.tar'));
    expect([code, names]).toEqual([0, ['0.png', '1.png']]);
  },

  'A pattern that the shell wrote out': async () => {
    const args = ['embed', '--model', run, '--data', 'a/0.tar', 'a/1.tar', '--out', 'x.npy'];
    expectFailure(
      await twocan(args),
      2,
      /unexpected word a\/1\.tar .*put it in quotes, as in --data 'shards/,
    );
  },

  'Members whose names lead out or are no names': async () => {
    const names = ['../up.png', '/../../up.png', '', '.hidden.png'];
    const hostile = tarFile(...names.map((name, i) => image(i, name)), image(4, '/abs/4.png'));
    const data = lay('deep/hostile', { '0.tar': hostile });
    await expectNames(
      data,
      ['abs/4.png'],
      /0\.tar\/\.\.\/up\.png and 1 more \(a name that leads out of the archive\)/,
    );
    expect(readdirSync(dirname(data))).toEqual(['hostile']);
    expect(existsSync(folder.path('up.png'))).toBe(false);
  },

  'Members whose sizes are no numbers, or too large': async () => {
    const sizes = [
      Buffer.from('none at all\0'),
      Buffer.alloc(12, 0xff),
      Buffer.from('77777777777\0'),
    ];
    for (const [i, size] of sizes.entries()) {
      const data = lay(`size-${i}`, { '0.tar': tarFile(image(0), { ...image(1), size }) });
      const at = tarMember(image(0)).length;
      await expectNames(data, ['0.png'], new RegExp(`0\\.tar \\(.* byte ${at} `));
    }
  },

  'Labels in another order, without an image, or none': async () => {
    const label = (i: number, contents: string): MadeMember => ({ name: `${i}.cls`, contents });
    const members = [label(1, '1'), image(0), image(1), image(2), label(9, '1'), label(0, 'cat')];
    const data = lay('labels', { '0.tar': tarFile(...members) });
    await expectNames(
      data,
      ['1/1.png', '2.png', 'cat/0.png'],
      /0\.tar\/9\.cls \(a label without its image\)/,
    );
  },

  'The same name twice': async () => {
    const [first, second] = [tarFile(image(0), image(1, '0.png')), tarFile(image(2, '0.png'))];
    const data = lay('twice', { 'a.tar': first, 'b.tar': second });
    await expectNames(
      data,
      ['a:0.png', 'b:0.png'],
      /a\.tar\/0\.png \(a later file of the archive has the same name\)/,
    );
  },

  'A shard that changed since it was last read': async () => {
    const data = lay('changed', { '0.tar': tarFile(image(0), image(1)) });
    expect((await embed(data)).names).toEqual(['0.png', '1.png']);
    lay('changed', { '0.tar': tarFile(image(2), image(3)) });
    utimesSync(join(data, '0.tar'), 1, 1);
    expect((await embed(data)).names).toEqual(['2.png', '3.png']);
  },

  'Shards where nothing can be written': async () => {
    const data = lay('read-only', { '0.tar': tarFile(image(0)), '.twocan': Buffer.alloc(0) });
    const cache = folder.path('cache');
    const { code, stderr, names } = await embed(data, { XDG_CACHE_HOME: cache });
    expect([code, stderr, names]).toEqual([0, expect.not.stringContaining('twocan:'), ['0.png']]);
    expect(readdirSync(join(cache, 'twocan/shards'))).toHaveLength(1);
  },

  'A shard that is cut off while training': async () => {
    const shard = (c: number): Buffer =>
      tarFile(...[0, 1, 2, 3].map((i) => image(4 * c + i, `class-${c}/${i}.png`)));
    const data = lay('vanishing', { '0.tar': shard(0), '1.tar': shard(1) });
    const out = folder.path('with-vanished');
    const running = twocan([
      ...['pretrain', '--data', data, '--cache', '0', '--steps', '40', ...TINY, '--out', out],
    ]);
    while (!existsSync(join(out, 'metrics.jsonl'))) {
      await new Promise((done) => setTimeout(done, 20));
    }
    truncateSync(join(data, '1.tar'), 600);
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
    expect(stepsOf(out)).toHaveLength(40);
    expect(readFileSync(join(out, 'skipped.jsonl'), 'utf8')).toMatch(
      /class-1\/\d\.png","reason":"cannot be decoded: its shard is cut off"/,
    );
  },

  'Shards over other files': async () => {
    const out = lay('taken', { 'notes.txt': Buffer.from('words') });
    const args = ['shard', photos, '--out'];
    expectFailure(await twocan([...args, out]), 2, /is not empty; give a folder that is new/);
    expectFailure(await twocan([...args, join(out, 'notes.txt')]), 2, /--out/);
    expect(readdirSync(out)).toEqual(['notes.txt']);
  },

  'New shards among the old': async () => {
    const data = lay('old-shards', { '0.tar': tarFile(image(0)) });
    const args = ['shard', data, '--out', join(data, 'new')];
    expectFailure(
      await twocan(args),
      2,
      /lies among the shards of .*; give a folder outside of it/,
    );
    expect(readdirSync(data).filter((name) => name !== '.twocan')).toEqual(['0.tar']);
  },

  'Shards that are not all written': async () => {
    const mark = Buffer.from('{"digest": "of others"}');
    const out = lay('unfinished', { '0.tar': tarFile(image(0)), '.twocan-unfinished.json': mark });
    expectFailure(await embed(out), 2, /holds unfinished shards; finish them with twocan shard/);
    const outcome = await twocan(['shard', photos, '--out', out]);
    expectFailure(outcome, 2, /unfinished shards of other images or settings; delete it/);
    expect(readdirSync(out).toSorted()).toEqual(['.twocan-unfinished.json', '0.tar']);
  },

  'A Parquet file that is cut off or no Parquet file': async () => {
    const whole = parquetOf({ columns: { image: [bytesOf(0, 0), bytesOf(0, 1)] } });
    const damaged = { '1.parquet': whole.subarray(0, -20), '2.parquet': Buffer.from('words') };
    const data = lay('cut-parquet', { '0.parquet': whole, ...damaged });
    await expectNames(
      data,
      ['0:000000', '0:000001'],
      /left out 2 files: 1\.parquet and 1 more \(is cut off, or is no Parquet file\)/,
    );
    const outcome = await embed(lay('all-cut-parquet', damaged));
    expectFailure(outcome, 2, /no pictures in .*\n.*1\.parquet .*\(is cut off/);
  },

  'A Parquet file without a column of images': async () => {
    const bytes = parquetOf({ columns: {}, labels: [1, 2] });
    const outcome = await embed(join(lay('no-column', { '0.parquet': bytes }), '0.parquet'));
    expectFailure(outcome, 2, /0\.parquet \(has no column of images with their bytes\)/);
  },

  'A row without an image': async () => {
    const image = [bytesOf(0, 0), null, bytesOf(0, 1), new Uint8Array(0)];
    const data = lay('null', { '0.parquet': parquetOf({ columns: { image } }) });
    await expectNames(
      data,
      ['000000', '000002'],
      /left out 2 files: 000001 and 1 more \(cannot be decoded: has no bytes in its row\)/,
    );
    const { code, stdout, stderr } = await twocan(['shard', data, '--out', folder.path('rows')]);
    expect([code, stdout, stderr]).toEqual([
      ...[0, expect.stringMatching(/^2 images in 1 shards/)],
      expect.stringMatching(/left out 2 files: 000001 and 1 more \(has no bytes in its row\)/),
    ]);
  },

  'Two columns of images': async () => {
    const columns = { mask: [Buffer.from('none')], image: [bytesOf(0, 0)] };
    const data = lay('two-columns', { '0.parquet': parquetOf({ columns }) });
    await expectNames(
      data,
      ['000000'],
      /0\.parquet\/mask\/ with 1 file \(a second column of images, beside image/,
    );
  },

  'A Parquet file with a huge group of rows': async () => {
    const bytes = parquetOf({ columns: { image: [new Uint8Array(2 ** 28)] } });
    const outcome = await embed(lay('huge', { '0.parquet': bytes }));
    expectFailure(
      outcome,
      2,
      /has groups of rows of 268 MB .*: write it with some 100 rows a group/,
    );
  },
};

describeRows('Shards', ROWS);
