import { readdirSync, readFileSync } from 'node:fs';
import { slice, tensor4d } from '@tensorflow/tfjs-core';
import { decodeSafetensors, type NamedArray } from '@twocan/checkpoint';
import { plainViews } from '@twocan/data';
import { imageFolder } from '@twocan/data/node';
import { expectClose } from '@twocan/testkit';
import { attentionMap, encodeImages } from '@twocan/vit';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenedRun, openRun } from '../src/index.ts';
import { drawPhotos, scratch, twocan } from './cli.ts';

// 110 images: more than are in memory at a time.
const EACH = 55;
const IMAGES = 2 * EACH;
const PATCHES = 16;

const folder = scratch();
const [run, photos] = ['run', 'photos'].map(folder.path) as [string, string];
const one = ['--backend', 'simd', '--threads', '1'];
let opened: OpenedRun;
afterAll(() => {
  opened.dispose();
  folder.remove();
});

beforeAll(async () => {
  await drawPhotos(photos, 2, EACH);
  const tiny = ['--data', 'shapes:8', '--batch', '4', '--steps', '2', '--checkpoint-every', '0'];
  expect((await twocan(['pretrain', ...tiny, ...one, '--out', run])).code).toBe(0);
  opened = await openRun(run, { backend: 'cpu' });
});

async function embedTo(name: string, ...more: string[]) {
  const out = folder.path(name);
  const args = ['embed', '--model', run, '--data', photos, '--out', out, ...one, ...more];
  const { code, stdout, stderr } = await twocan(args);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan: ')]);
  return { out, stdout };
}

const tensorOf = (out: string): [string, NamedArray] =>
  Object.entries(decodeSafetensors(readFileSync(out)).tensors)[0] as [string, NamedArray];

/** Normalised pixels of the first images, by name. */
async function firstImages(count: number) {
  const dataset = await imageFolder(photos, { shortSide: 64 });
  const indices = Array.from({ length: count }, (_, i) => i);
  const pixels = await plainViews(dataset, indices, {
    size: 32,
    ...opened.config.normalization,
  });
  await dataset.close();
  return tensor4d(pixels, [count, 32, 32, 3]);
}

test('tokens are those of the encoder, and their mean is the row of features', async () => {
  const { width } = opened.config.model.encoder;
  const { out, stdout } = await embedTo('tokens.safetensors', '--tokens');
  expect(stdout).toContain(`${IMAGES} images, ${PATCHES} x ${width} numbers each: ${out}`);
  const [kind, tokens] = tensorOf(out);
  expect([kind, tokens.shape]).toEqual(['tokens', [IMAGES, PATCHES, width]]);
  const values = tokens.data as Float32Array;

  const { out: plain } = await embedTo('features.safetensors');
  const [name, features] = tensorOf(plain);
  expect([name, features.shape]).toEqual(['features', [IMAGES, width]]);
  const means = Float32Array.from({ length: IMAGES * width }, (_, i) => {
    const [image, d] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let p = 0; p < PATCHES; p++) sum += values[(image * PATCHES + p) * width + d] ?? 0;
    return sum / PATCHES;
  });
  expectClose(means, features.data as Float32Array, { rtol: 1e-5, atol: 1e-5 });

  const { encoder } = opened.params;
  const encoded = encodeImages(encoder, opened.config.model.encoder, await firstImages(2));
  const patches = slice(encoded, [0, 1, 0], [2, PATCHES, width]);
  const first = values.subarray(0, 2 * PATCHES * width);
  expectClose(first, patches, { rtol: 1e-4, atol: 1e-4 });
});

test('attention is that of the last block, head by head', async () => {
  const { encoder } = opened.config.model;
  const { out } = await embedTo('attention.npy', '--attention');
  const bytes = readFileSync(out);
  const length = bytes.readUInt16LE(8);
  expect(bytes.subarray(10, 10 + length).toString()).toContain(
    `'shape': (${IMAGES}, ${encoder.heads}, ${PATCHES})`,
  );
  const values = new Float32Array(new Uint8Array(bytes.subarray(10 + length)).buffer);
  const names = readFileSync(out.replace('.npy', '.names.txt'), 'utf8').trim().split('\n');
  expect(names).toHaveLength(IMAGES);
  const maps = attentionMap(opened.params.encoder, encoder, await firstImages(3));
  expectClose(values.subarray(0, maps.size), maps, { rtol: 1e-4, atol: 1e-5 });
});

test('Parquet and JSON lines hold the same names and numbers, and nothing is left beside them', async () => {
  const [lines, table] = [await embedTo('rows.jsonl'), await embedTo('rows.parquet')];
  const text = readFileSync(lines.out, 'utf8').trim().split('\n');
  const expected = text.map((line) => JSON.parse(line) as unknown);
  expect(expected).toHaveLength(IMAGES);
  const file = new Uint8Array(readFileSync(table.out)).buffer;
  const rows = await parquetReadObjects({ file });
  expect(rows).toEqual(expected);
  const beside = readdirSync(folder.path('.')).filter((name) => /^rows|tmp$/.test(name));
  expect(beside.sort()).toEqual(['rows.jsonl', 'rows.parquet']);
});

test('one kind of numbers at a time', async () => {
  const args = ['embed', '--model', run, '--data', photos, '--tokens', '--attention'];
  const { code, stderr } = await twocan(args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--tokens and --attention exclude/)]);
});
