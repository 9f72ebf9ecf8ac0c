import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor4d, transpose } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { type CanConfig, type CanParams, encode, resolveCanConfig } from '@twocan/can';
import { decodeSafetensors, type NamedArrays, namedToTree } from '@twocan/checkpoint';
import { key } from '@twocan/core';
import { drawShape } from '@twocan/data';
import { roundedWeights } from '@twocan/onnx';
import { expectClose } from '@twocan/testkit';
import { encodeImages } from '@twocan/vit';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportModel } from '../src/index.ts';
import { drawPhotos, scratch, twocan } from './cli.ts';

// The judges are transformers.js and the ONNX Runtime that it brings, which has binaries for some machines only.
const loaded = await import('@huggingface/transformers').catch((error: Error) => error);
const missing = loaded instanceof Error ? loaded.message.split('\n')[0] : undefined;
if (missing !== undefined) console.log(`skipped: transformers.js cannot be loaded: ${missing}`);
const transformers = loaded as typeof import('@huggingface/transformers');

const runtimeLoaded = await import('onnxruntime-node').catch((error: Error) => error);
const noRuntime = runtimeLoaded instanceof Error ? runtimeLoaded.message.split('\n')[0] : undefined;
if (noRuntime !== undefined) console.log(`skipped: ONNX Runtime cannot be loaded: ${noRuntime}`);
const onnx = runtimeLoaded as typeof import('onnxruntime-node');

const folder = scratch();
afterAll(folder.remove);
const [run, photos, exact] = ['run', 'photos', 'exact'].map(folder.path) as [
  string,
  string,
  string,
];
const one = ['--backend', 'simd', '--threads', '1'];
let config: CanConfig;

beforeAll(async () => {
  await drawPhotos(photos, 2, 6);
  mkdirSync(exact);
  for (let i = 0; i < 3; i++) {
    const { width, height, data } = drawShape(key(3), i, 32);
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    await image.png().toFile(join(exact, `${i}.png`));
  }
  const tiny = ['--data', 'shapes:8', '--batch', '4', '--steps', '2', '--checkpoint-every', '0'];
  expect((await twocan(['pretrain', ...tiny, ...one, '--out', run])).code).toBe(0);
  await chooseBackend('cpu');
  config = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).model as CanConfig;
});

let exports = 0;
async function exportTo(to: string, ...more: string[]) {
  const out = folder.path(`${to}-${++exports}`);
  const outcome = await twocan(['export', run, '--to', to, '--out', out, ...one, ...more]);
  return { out, ...outcome };
}

const textOf = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const arraysIn = (file: string): NamedArrays => decodeSafetensors(readFileSync(file)).tensors;

/** The run's own weights, by the one format that renames nothing. */
async function ownWeights(): Promise<NamedArrays> {
  const { out } = await exportTo('safetensors');
  return arraysIn(join(out, 'model.safetensors'));
}

const close = { rtol: 0, atol: 1e-4 };

describe.skipIf(missing !== undefined)('transformers.js', () => {
  let out: string;
  let arrays: NamedArrays;
  let params: CanParams;
  beforeAll(async () => {
    ({ out } = await exportTo('transformers.js'));
    arrays = await ownWeights();
    params = namedToTree(arrays) as unknown as CanParams;
    transformers.env.allowRemoteModels = false;
  });

  const open = (options: { readonly dtype: 'fp32' | 'q8' } = { dtype: 'fp32' }) =>
    transformers.pipeline('image-feature-extraction', out, options);

  test('gives the features that embed writes, for images of the size of the model', async () => {
    const rows = folder.path('exact.jsonl');
    await twocan(['embed', '--model', run, '--data', exact, '--out', rows, ...one]);
    const features = textOf(rows)
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { features: number[] }).features);
    const extract = await open();
    const images = [0, 1, 2].map((i) => join(exact, `${i}.png`));
    const pooled = await extract(images, { pool: true });
    expect(pooled.dims).toEqual([3, config.encoder.width]);
    expectClose(pooled.data as Float32Array, features.flat(), close);
    await extract.dispose();
  });

  test('resizes images of another size to that of the model, and gives our tokens of them', async () => {
    const extract = await open();
    const wide = sharp({
      create: { width: 70, height: 45, channels: 3, background: '#963' },
    });
    const path = folder.path('wide.png');
    const drawn = drawShape(key(4), 1, 40);
    const raw = { width: 40, height: 40, channels: 3 } as const;
    const patch = await sharp(drawn.data, { raw }).png().toBuffer();
    await wide
      .composite([{ input: patch }])
      .png()
      .toFile(path);
    const tokens = await extract(path);
    const image = await transformers.RawImage.read(path);
    const { pixel_values: seen } = await extract.processor(image);
    expect(seen.dims).toEqual([1, 3, 32, 32]);
    const ours = transpose(tensor4d(seen.data as Float32Array, [1, 3, 32, 32]), [0, 2, 3, 1]);
    const expected = encodeImages(params.encoder, config.encoder, ours as never);
    expect(tokens.dims).toEqual(expected.shape);
    expectClose(tokens.data as Float32Array, expected, close);
    await extract.dispose();
  });

  test('takes pixels of any size that the patch divides', async () => {
    const extract = await open();
    const [height, width] = [48, 24];
    const values = Float32Array.from({ length: 3 * height * width }, (_, i) => Math.sin(i));
    const { Tensor } = transformers;
    const { pooler_output: pooled } = await extract.model({
      pixel_values: new Tensor('float32', values, [1, 3, height, width]),
    });
    const encoder = { ...config.encoder, image: { height, width } };
    const sized = resolveCanConfig({ ...config, encoder });
    const images = transpose(tensor4d(values, [1, 3, height, width]), [0, 2, 3, 1]);
    expectClose(pooled.data as Float32Array, encode(sized)(params, images as never), close);
    await extract.dispose();
  });

  test('finds the smaller file by its name, with the weights that its cost was measured with', async () => {
    const extract = await open({ dtype: 'q8' });
    const pooled = await extract(join(exact, '0.png'), { pool: true });
    const { pixel_values: seen } = await extract.processor(
      await transformers.RawImage.read(join(exact, '0.png')),
    );
    const rounded = namedToTree(roundedWeights(arrays, 'int8')) as unknown as CanParams;
    const images = transpose(tensor4d(seen.data as Float32Array, [1, 3, 32, 32]), [0, 2, 3, 1]);
    expectClose(pooled.data as Float32Array, encode(config)(rounded, images as never), close);
    await extract.dispose();
  });
});

test('each target has its files and a card that says how to open it', async () => {
  const expected = {
    timm: ['README.md', 'config.json', 'model.safetensors'],
    transformers: [
      'README.md',
      'config.json',
      'mae',
      'model.safetensors',
      'preprocessor_config.json',
    ],
    onnx: ['README.md', 'model.onnx', 'preprocessor_config.json', 'reconstruction.onnx'],
  };
  for (const [to, files] of Object.entries(expected)) {
    const { out, code, stdout } = await exportTo(to);
    expect([code, readdirSync(out).sort()]).toEqual([0, files]);
    expect(stdout).toContain(`${out}: README.md`);
    const card = textOf(out, 'README.md');
    expect(card).toMatch(/^---\n# license: choose one/);
    expect(card).toContain('| Images | shapes |');
    expect(card).toContain('| Steps | 2 of 2, 4 images each |');
    expect(card).toMatch(/- k-NN of the run: [\d.]+% \(raw pixels [\d.]+%, untrained [\d.]+%\)/);
    // Where the images lie is no matter of those who get the weights.
    expect(card).not.toContain(folder.path('.'));
  }
});

test('fp16 files are half as large, and what that costs is measured', async () => {
  const whole = await exportTo('timm');
  const { out, stdout } = await exportTo('timm', '--dtype', 'fp16', '--data', photos);
  const size = (of: string): number => readFileSync(join(of, 'model.safetensors')).length;
  expect(size(out) / size(whole.out)).toBeLessThan(0.52);
  const [, measured, cost] = stdout.trim().split('\n');
  expect(measured).toMatch(/^k-NN [\d.]+%, linear probe [\d.]+% \(2 held-out images, 2 classes/);
  const line = /^fp16 against fp32: cosine of the features (\S+) on average, (\S+) at least/;
  const [mean = 0, least = 0] = (line.exec(cost ?? '') ?? []).slice(1).map(Number);
  expect(least).toBeGreaterThan(0.999);
  expect(mean).toBeGreaterThanOrEqual(least);
  expect(textOf(out, 'README.md')).toContain(cost);
});

test.skipIf(noRuntime !== undefined).each([
  [32, 32],
  [48, 24],
])(
  'ONNX Runtime opens the folder and gives our features of %i x %i pixels',
  async (height, width) => {
    const { out } = await exportTo('onnx');
    const session = await onnx.InferenceSession.create(join(out, 'model.onnx'));
    const params = namedToTree(await ownWeights()) as unknown as CanParams;
    const values = Float32Array.from({ length: 2 * 3 * height * width }, (_, i) => Math.sin(i));
    const { pooler_output: pooled } = await session.run({
      pixel_values: new onnx.Tensor('float32', values, [2, 3, height, width]),
    });
    const encoder = { ...config.encoder, image: { height, width } };
    const sized = resolveCanConfig({ ...config, encoder });
    const images = transpose(tensor4d(values, [2, 3, height, width]), [0, 2, 3, 1]);
    expectClose(pooled?.data as Float32Array, encode(sized)(params, images as never), close);
    await session.release();
  },
);

test('the function exports what the command does', async () => {
  const { out } = await exportTo('onnx');
  const from = folder.path('from-code');
  const options = { model: run, to: 'onnx', out: from, backend: 'simd', threads: 1 } as const;
  const { files, bytes } = await exportModel(options);
  const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const names = files.filter((name) => name !== 'README.md');
  expect(names).toEqual(['preprocessor_config.json', 'model.onnx', 'reconstruction.onnx']);
  expect(bytes).toBe(files.reduce((sum, name) => sum + readFileSync(join(from, name)).length, 0));
  for (const name of names) expect(digest(join(from, name))).toBe(digest(join(out, name)));
});

test('exported folders come back as models, bit by bit', async () => {
  const rowsOf = async (model: string): Promise<Buffer> => {
    const out = folder.path('back.npy');
    const args = ['embed', '--model', model, '--data', exact, '--out', out, ...one];
    expect((await twocan(args)).code).toBe(0);
    return readFileSync(out);
  };
  const own = await rowsOf(run);
  const { out: whole } = await exportTo('transformers');
  const models = [(await exportTo('timm')).out, whole, join(whole, 'mae')];
  for (const model of [...models, (await exportTo('safetensors')).out]) {
    expect([model, (await rowsOf(model)).equals(own)]).toEqual([model, true]);
  }
});

test('a run with an average exports it, or the weights of its last step', async () => {
  const averaged = folder.path('averaged');
  const tiny = ['--data', 'shapes:8', '--batch', '4', '--steps', '2', '--checkpoint-every', '0'];
  await twocan(['pretrain', ...tiny, ...one, '--ema', '0.5', '--out', averaged]);
  const out = folder.path('averaged-out');
  await twocan(['export', averaged, '--to', 'safetensors', '--out', out, ...one]);
  const [name = ''] = readdirSync(join(averaged, 'checkpoints'));
  const kept = arraysIn(join(averaged, 'checkpoints', name));
  const [written] = [arraysIn(join(out, 'model.safetensors'))];
  const path = 'encoder/blocks/0/mlp/out/kernel';
  expect(written[path]?.data).toEqual(kept[`ema/${path}`]?.data);
  expect(written[path]?.data).not.toEqual(kept[`params/${path}`]?.data);
  expect(textOf(out, 'README.md')).toContain('| Weights | the moving average, fp32 |');
  const last = folder.path('last-out');
  const to = ['--to', 'safetensors', ...one];
  await twocan(['export', averaged, ...to, '--out', last, '--weights', 'last']);
  const raw = arraysIn(join(last, 'model.safetensors'));
  expect(raw[path]?.data).toEqual(kept[`params/${path}`]?.data);
  expect(textOf(last, 'README.md')).toContain('| Weights | those of the last step, fp32 |');
  expect(textOf(last, 'README.md')).toContain('- k-NN of the run, of its moving average: ');
  const none = folder.path('no-average');
  const outcome = await twocan(['export', run, ...to, '--out', none, '--weights', 'average']);
  expect([outcome.code, existsSync(none)]).toEqual([2, false]);
  expect(outcome.stderr).toMatch(/--weights average: .* has none; give --weights last, or a run/);
});

test.each([
  [
    ['--to', 'timm', '--dtype', 'int8'],
    '--dtype int8 is not for --to timm; give one of fp32, fp16',
  ],
  [['--to', 'keras'], '--to must be one of timm, transformers, transformers.js, onnx, safetensors'],
  [
    ['--to', 'timm', '--dtype', 'bf16'],
    '--dtype must be one of fp32, fp16, int8, got bf16; did you mean fp16?',
  ],
  [['--to', 'timm', '--data', '/no/such'], '/no/such'],
])('%j exits with 2, says why and writes nothing', async (args, message) => {
  const out = folder.path('never');
  const { code, stderr } = await twocan(['export', run, '--out', out, ...one, ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(folder.path('.')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a folder with anything in it stays as it is', async () => {
  const precious = folder.path('precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'thesis.txt'), 'years of work');
  for (const out of [precious, join(precious, 'thesis.txt')]) {
    const { code, stderr } = await twocan(['export', run, '--to', 'timm', '--out', out, ...one]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/is not empty|cannot be written/)]);
  }
  expect(textOf(precious, 'thesis.txt')).toBe('years of work');
});
