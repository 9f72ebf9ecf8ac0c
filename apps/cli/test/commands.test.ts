import '@tensorflow/tfjs-backend-cpu';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { key } from '@twocan/core';
import { fewShotAccuracy, probeAccuracy } from '@twocan/evaluate';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawPhotos, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const [run, photos] = [folder.path('run'), folder.path('photos')];
const [CLASSES, EACH] = [3, 10];

beforeAll(async () => {
  await drawPhotos(photos, CLASSES, EACH);
  const tiny = ['--data', 'shapes:8', '--batch', '4', '--steps', '2', '--checkpoint-every', '0'];
  const { code, stderr } = await twocan([
    ...['pretrain', ...tiny, '--recipe', 'paper', '--out', run],
  ]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
});

type Line = { readonly name: string; readonly features: readonly number[] };

const embedLines = async (): Promise<Line[]> => {
  const out = folder.path('features.jsonl');
  const { code } = await twocan(['embed', '--model', run, '--data', photos, '--out', out]);
  expect(code).toBe(0);
  const text = readFileSync(out, 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Line);
};

describe('embed', () => {
  test('NumPy and JSON lines hold the same rows under the same names', async () => {
    const out = folder.path('features.npy');
    const said = await twocan(['embed', '--model', run, '--data', photos, '--out', out]);
    expect(said.stdout).toContain('30 images, 96 numbers each');
    const bytes = readFileSync(out);
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
    const begin = 10 + bytes.readUInt16LE(8);
    expect(begin % 64).toBe(0);
    expect(bytes.toString('latin1', 10, begin)).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(30, 96\), \} *\n$/,
    );
    const lines = await embedLines();
    expect(lines).toHaveLength(CLASSES * EACH);
    const names = readFileSync(folder.path('features.names.txt'), 'utf8').trim().split('\n');
    expect(names).toEqual(lines.map(({ name }) => name));
    lines.forEach(({ features }, row) => {
      const numbers = features.map((_, i) => bytes.readFloatLE(begin + 4 * (96 * row + i)));
      expect(numbers).toEqual([...features]);
    });
  });
});

describe('knn', () => {
  test('has the accuracy of neighbours counted by hand from the embeddings', async () => {
    const args = ['knn', '--model', run, '--data', photos, '--k', '3', '--json'];
    const { code, stdout } = await twocan(args);
    expect(code).toBe(0);
    const said = JSON.parse(stdout) as { trained: number; testImages: number };
    const rows = (await embedLines()).map(({ name, features }, i) => ({
      features,
      label: name.split('/')[0] ?? '',
      // Every fifth of a class is held out.
      test: (i % EACH) % 5 === 4,
    }));
    const [train, held] = [rows.filter((r) => !r.test), rows.filter((r) => r.test)];
    expect(said.testImages).toBe(held.length);
    const mean = (train[0]?.features ?? []).map(
      (_, d) => train.reduce((sum, r) => sum + (r.features[d] ?? 0), 0) / train.length,
    );
    const unit = (features: readonly number[]): number[] => {
      const centred = features.map((x, d) => x - (mean[d] ?? 0));
      return centred.map((x) => x / Math.hypot(...centred));
    };
    const right = held.filter(({ features, label }) => {
      const u = unit(features);
      const near = train
        .map((r) => ({
          label: r.label,
          cosine: unit(r.features).reduce((s, x, d) => s + x * (u[d] ?? 0), 0),
        }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 3);
      const votes = new Map<string, number>();
      for (const { label: of, cosine } of near) {
        votes.set(of, (votes.get(of) ?? 0) + Math.exp(cosine / 0.07));
      }
      return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] === label;
    });
    expect(said.trained).toBeCloseTo(right.length / held.length, 10);
  });

  test('takes all images unless told, and says how many they were', async () => {
    const args = ['knn', '--model', run, '--data', 'shapes:2600'];
    expect((await twocan([...args, '--k', '7'])).stdout).toMatch(
      /500 held-out drawings, 10 classes, k 7 of 2600\)/,
    );
    const { stdout } = await twocan([...args, '--limit', '40', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ trainImages: 40, testImages: 40, neighbours: 20 });
  });

  test('a folder without classes cannot be judged', async () => {
    const { code, stderr } = await twocan([
      'knn',
      '--model',
      run,
      '--data',
      join(photos, 'class-0'),
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('has no classes')]);
  });
});

/** The rows that `embed` wrote, held out as the commands do: every fifth of a class. */
const sidesOfLines = async () => {
  const lines = await embedLines();
  const names = [...new Set(lines.map(({ name }) => name.split('/')[0]))];
  const side = (held: boolean) => {
    const own = lines.filter((_, i) => ((i % EACH) % 5 === 4) === held);
    return {
      features: Float32Array.from(own.flatMap(({ features }) => features)),
      labels: Int32Array.from(own, ({ name }) => names.indexOf(name.split('/')[0])),
    };
  };
  return { train: side(false), test: side(true) };
};

describe('probe', () => {
  test('is the library on the rows that embed writes, and draws the confusions', async () => {
    const out = folder.path('confusion.png');
    const args = ['probe', '--model', run, '--data', photos, '--seed', '3', '--json'];
    const { code, stdout } = await twocan([...args, '--confusion', out]);
    expect(code).toBe(0);
    const said = JSON.parse(stdout) as { trained: number; perClass: Record<string, number> };
    const { accuracy, perClass } = await probeAccuracy({ ...(await sidesOfLines()), key: key(3) });
    expect(said.trained).toBe(accuracy);
    expect(Object.keys(said.perClass)).toEqual(['class-0', 'class-1', 'class-2']);
    expect(Object.values(said.perClass)).toEqual([...perClass]);
    const { format, width, height } = await sharp(out).metadata();
    expect(format).toBe('png');
    // A legend of 46 characters, and three rows below it.
    expect(width).toBeGreaterThan(250);
    expect(height).toBeGreaterThan(60);
  });

  test('lists classes from the worst, and takes other tokens and another recipe', async () => {
    const args = ['probe', '--model', run, '--data', photos, '--per-class'];
    const { stdout } = await twocan([...args, '--features', 'both', '--optimizer', 'lars']);
    const [line, ...classes] = stdout.trim().split('\n');
    expect(line).toMatch(
      /^linear probe top-1: [\d.]+% \(raw pixels [\d.]+%, untrained encoder [\d.]+%; 6 /,
    );
    const shares = classes.map((text) => Number(/^ *([\d.]+)% {2}class-\d$/.exec(text)?.[1]));
    expect(shares).toHaveLength(CLASSES);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });
});

test('fewshot is the library on the rows that embed writes', async () => {
  const args = ['fewshot', '--model', run, '--data', photos, '--json'];
  const { code, stdout } = await twocan(args);
  expect(code).toBe(0);
  const said = JSON.parse(stdout) as { trained: object };
  const sides = await sidesOfLines();
  // A class has eight images to learn from: ten and twenty-five are left out.
  expect(said.trained).toEqual(await fewShotAccuracy({ ...sides, key: key(0), shots: [1, 5] }));
  const table = (await twocan([...args.slice(0, -1), '--shots', '2', '--draws', '2'])).stdout;
  expect(table).toMatch(/^ +2( +[\d.]+% ± [\d.]+){3}$/m);
});

test('explain measures features and decoder, and draws a row for each head', async () => {
  const out = folder.path('attention.png');
  const args = ['explain', '--model', run, '--data', photos, '--attention', out];
  const { code, stdout } = await twocan(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^alignment +[01]\.\d+ /m);
  expect(stdout).toMatch(/^noise of 0\.05 +-?\d+\.\d+ {2}decibels/m);
  const { height = 0 } = await sharp(out).metadata();
  const [line = ''] = (await twocan([...args, '--json'])).stdout.split('\n');
  const said = JSON.parse(line) as { uniformity: number };
  expect(said.uniformity).toBeLessThan(0);
  expect(said).toMatchObject({ images: 30, step: 2 });
  // The images and three heads, 96 pixels high each.
  expect(height).toBeGreaterThan(4 * 96);
});

test('reconstruct draws a sheet at another mask ratio', async () => {
  const sheets = [];
  for (const ratio of ['0.25', '0.75']) {
    const out = folder.path(`sheet-${ratio}.png`);
    const args = ['reconstruct', '--model', run, '--data', photos, '--mask-ratio', ratio];
    expect((await twocan([...args, '--out', out])).code).toBe(0);
    sheets.push(readFileSync(out));
    expect((await sharp(out).metadata()).width).toBeGreaterThan(400);
  }
  expect(sheets[0]?.equals(sheets[1] as Buffer)).toBe(false);
});

test('inspect says what a run and a checkpoint file hold', async () => {
  const { code, stdout } = await twocan(['inspect', run]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/step +2 of 2/);
  expect(stdout).toMatch(/parameters +575,392/);
  const file = join(run, 'checkpoints', 'checkpoint-00000002.safetensors');
  const said = JSON.parse((await twocan(['inspect', file, '--json'])).stdout) as object;
  expect(said).toMatchObject({ checkpoint: file, parameters: { encoder: 466176 } });
});

test('doctor tries every backend', async () => {
  const { code, stdout } = await twocan(['doctor']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^wasm +loads/m);
  expect(stdout).toMatch(/^node-gpu +.*npx twocan setup node-gpu/m);
  expect(stdout).toMatch(/^simd +loads/m);
  const native = /^native +(.*)$/m.exec(stdout)?.[1] ?? '';
  const loads =
    /^loads; (AVX-512|AVX2|NEON|plain code), \d+ thread\(s\), at most [\d.]+ GB of memory$/;
  if (loads.test(native)) expect(stdout).toMatch(/^auto takes +native/m);
  else {
    expect(native).toMatch(/^its addon .*; `npm run build` builds it/);
    expect(stdout).toMatch(/^auto takes +simd/m);
  }
});

describe('what cannot be used exits with 2 and says why', () => {
  const broken = folder.path('broken.safetensors');
  const foreign = folder.path('foreign.safetensors');
  beforeAll(() => {
    const file = readFileSync(join(run, 'checkpoints', 'checkpoint-00000002.safetensors'));
    writeFileSync(broken, file.subarray(0, file.length / 2));
    const header = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' } }).padEnd(48));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(foreign, Buffer.concat([length, header]));
  });

  test.each([
    [['embed'], '--model is needed'],
    [['embed', '--model', run], '--data is needed'],
    [['embed', '--model', 'nowhere', '--data', photos], 'does not exist'],
    [['embed', '--model', photos, '--data', photos], 'holds no checkpoint'],
    [['embed', '--model', broken, '--data', photos], broken],
    [['embed', '--model', foreign, '--data', photos], 'are not the weights of a Vision'],
    [
      ['embed', '--model', run, '--data', photos, '--out', 'x.csv'],
      '.npy or .jsonl or .parquet or .safetensors',
    ],
    [['embed', '--model', run, '--data', 'nowhere'], 'is not a folder'],
    [['knn', '--model', run, '--data', photos, '--k', '0'], '--k must be a whole number'],
    [['knn', '--model', run, '--data', photos, '--limit', '0'], '--limit must be a whole number'],
    [['probe', '--model', run, '--data', photos, '--optimizer', 'sgd'], 'one of adamw, lars'],
    [['probe', '--model', run, '--data', photos, '--features', 'class'], 'did you mean cls?'],
    [['fewshot', '--model', run, '--data', photos, '--shots', '1,x'], '--shots must be a whole'],
    [['fewshot', '--model', run, '--data', photos, '--shots', '9'], 'has 8 images to learn from'],
    [['knn', '--modle', run], 'unknown option --modle; did you mean --model?'],
    [['reconstruct', '--model', run, '--data', photos, '--mask-ratio', '1'], 'at most 0.99'],
    [['reconstruct', '--model', run, '--data', photos, '--mask-ratio', '0'], 'with hidden patches'],
    [['inspect'], 'the model is needed: a run folder or a checkpoint file'],
    [['pretrian'], 'unknown command pretrian; did you mean pretrain?'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await twocan(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});
