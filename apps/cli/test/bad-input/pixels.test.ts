import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect } from 'vitest';
import { scratch, twocan } from '../cli.ts';
import { describeRows, type Rows } from './rows.ts';

/** Pictures of packages/data/test/golden/make_pictures.py, and the row of RGB that each must give. */
const pictures: readonly { name: string; file: string; row: readonly number[] }[] = JSON.parse(
  readFileSync(
    new URL('../../../../packages/data/test/golden/pictures.json', import.meta.url),
    'utf8',
  ),
);

const folder = scratch();
afterAll(folder.remove);

const model = folder.path('model');
beforeAll(async () => {
  const flags = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--out', model];
  expect((await twocan(['pretrain', ...flags])).code).toBe(0);
});

function golden(name: string): Buffer {
  const found = pictures.find((picture) => picture.name === name);
  return Buffer.from(found?.file ?? '', 'base64');
}

/** Pretrains for two steps on some files of the goldens, or on files that are given. */
async function pretrainOn(name: string, files: Readonly<Record<string, Uint8Array | undefined>>) {
  const [data, out] = [folder.path(`${name}/data`), folder.path(`${name}/run`)];
  mkdirSync(data, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(data, file), content ?? golden(file));
  }
  const flags = ['--batch', '2', '--steps', '2', '--checkpoint-every', '0'];
  const outcome = await twocan(['pretrain', '--data', data, ...flags, '--out', out]);
  return { ...outcome, skipped: join(out, 'skipped.jsonl') };
}

/** The encoder sees each file as it sees the same picture stored as plain 8-bit RGB. */
async function expectSeen(name: string, files: readonly string[]): Promise<void> {
  const [data, out] = [folder.path(name), folder.path(`${name}.jsonl`)];
  mkdirSync(data);
  for (const file of files) {
    writeFileSync(join(data, `${file}.1.${file.split('.').at(-1)}`), golden(file));
    const row = pictures.find((picture) => picture.name === file)?.row ?? [];
    const raw = { width: 8, height: 4, channels: 3 } as const;
    const plain = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => row[i % row.length] ?? 0);
    await sharp(plain, { raw })
      .png()
      .toFile(join(data, `${file}.2.png`));
  }
  const { code, stderr } = await twocan(['embed', '--model', model, '--data', data, '--out', out]);
  expect([code, stderr]).toEqual([0, expect.not.stringMatching(/one single colour|left out/)]);
  const lines = readFileSync(out, 'utf8').trim().split('\n');
  const rows = lines.map((line): number[] => JSON.parse(line).features);
  expect(rows).toHaveLength(2 * files.length);
  for (const [i, file] of [...files].sort().entries()) {
    const [own = [], plain = []] = rows.slice(2 * i, 2 * i + 2);
    const gap = Math.hypot(...own.map((value, j) => value - (plain[j] ?? 0)));
    expect(gap / Math.hypot(...plain), file).toBeLessThan(0.03);
  }
}

const ROWS: Rows = {
  'Samples of 10, 12 or 14 bits in 16': () =>
    expectSeen('bits', ['grey-10-bits.tif', 'grey-12-bits.png', 'grey-14-bits.tif']),

  'Float and signed samples': () =>
    expectSeen('floats', ['float32-to-1.tif', 'signed-16-bits.tif', 'not-finite.tif']),

  'Shapes that are only in alpha': () =>
    expectSeen('alpha', ['black-shape.png', 'white-shape.png', 'grey-alpha-12-bits.tif']),

  'A picture above the limit on size': async () => {
    const create = { width: 20_000, height: 14_000, channels: 3, background: 'red' } as const;
    const huge = await sharp({ create, limitInputPixels: false }).png().toBuffer();
    const files = { 'huge.png': huge, 'float32-to-1.tif': undefined, 'rgb-16-bits.tif': undefined };
    const { code, stderr, skipped } = await pretrainOn('huge', files);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/left out 1 .*huge\.png/)]);
    expect(readFileSync(skipped, 'utf8')).toMatch(/20000x14000 is more than the limit of 268 mill/);
  },

  'A kind of samples that cannot be read': async () => {
    const doubles = golden('float32-to-1.tif');
    // The tag of bits per sample, 32, says 64.
    const tag = doubles.indexOf(Buffer.from([2, 1, 3, 0, 1, 0, 0, 0, 32, 0]));
    expect(tag).toBeGreaterThan(0);
    doubles[tag + 8] = 64;
    const files = { 'doubles.tif': doubles, 'float32-to-1.tif': undefined, 'cmyk.jpg': undefined };
    const { code, stderr, skipped } = await pretrainOn('doubles', files);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/left out 1 .*doubles\.tif/)]);
    const reason = readFileSync(skipped, 'utf8');
    expect(reason).toMatch(/save it with 8 or 16 bits or as 32-bit floats/);
    expect(reason + stderr).not.toMatch(/vips|buffer/i);
  },

  'Pictures of one single colour': async () => {
    const create = { width: 40, height: 40, channels: 3, background: 'navy' } as const;
    const flat = await sharp({ create }).png().toBuffer();
    const { code, stderr } = await pretrainOn('flat', {
      'a.png': flat,
      'b.tif': golden('cmyk.tif'),
    });
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/1 of 2 images are of one .*: a\.png/),
    ]);
  },
};

describeRows('Pixels', ROWS);
