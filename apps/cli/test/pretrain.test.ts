import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor4d } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { type CanParams, encode } from '@twocan/can';
import { decodeCheckpoint } from '@twocan/checkpoint';
import { plainViews } from '@twocan/data';
import { imageFolder } from '@twocan/data/node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunConfig } from '../src/run/config.ts';
import { drawPhotos, metricsOf, scratch, stepsOf, twocan } from './cli.ts';

const SMALL = ['--data', 'shapes:8', '--batch', '2', '--checkpoint-every', '2'];
const TINY = [...SMALL, '--steps', '4'];
const folder = scratch();
afterAll(folder.remove);

/** The newest checkpoint: its name and the digest of its bytes. */
function lastCheckpoint(run: string): readonly [string, string] {
  const checkpoints = join(run, 'checkpoints');
  const newest = readdirSync(checkpoints).sort().at(-1) ?? '';
  const bytes = readFileSync(join(checkpoints, newest));
  return [newest, createHash('sha256').update(bytes).digest('hex')];
}

// The cpu backend computes an image a second.
describe.each(['cpu', 'wasm'])('pretrain on %s', { timeout: 240_000 }, (backend) => {
  const whole = folder.path(`whole-${backend}`);
  const flags = ['pretrain', ...TINY, '--backend', backend];
  let stdout = '';

  beforeAll(async () => {
    const outcome = await twocan([...flags, '--out', whole]);
    expect(outcome.stderr).not.toContain('twocan:');
    expect(outcome.code).toBe(0);
    stdout = outcome.stdout;
  });

  test('ends with the folder and the k-NN line', () => {
    const lines = stdout.trim().split('\n');
    expect(lines.at(-2)).toContain(whole);
    expect(lines.at(-1)).toMatch(/k-NN top-1.*raw pixels.*untrained encoder/);
  });

  test('writes config, metrics, checkpoints and samples', async () => {
    const config = JSON.parse(readFileSync(join(whole, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ steps: 4, batch: 2, backend, seed: 0 });
    const metrics = metricsOf(whole);
    expect(stepsOf(whole)).toEqual([1, 2, 3, 4]);
    const judged = metrics.filter(({ evaluation }) => evaluation !== undefined);
    expect(judged.map(({ step }) => step)).toEqual([0, 2, 4]);
    expect(judged[0]?.evaluation).toEqual({
      knn: expect.any(Number),
      rawPixels: expect.any(Number),
      effectiveRank: expect.any(Number),
      rankMe: expect.any(Number),
      alpha: expect.any(Number),
    });
    expect(Object.keys(metrics[0] ?? {})[0]).toBe('step');
    const sheets = readdirSync(join(whole, 'samples'));
    const sheet = await sharp(join(whole, 'samples', sheets.at(-1) ?? '')).metadata();
    expect(sheet.format).toBe('png');
    expect(sheet.width).toBeGreaterThan(200);
  });

  test('SIGINT saves and exits with 130; --resume gives the uninterrupted run, bit by bit', async () => {
    const out = folder.path(`sigint-${backend}`);
    const cut = await twocan([...flags, '--out', out], { when: /step +1\/4/, signal: 'SIGINT' });
    expect(cut.code).toBe(130);
    expect(stepsOf(out).length).toBeLessThan(4);
    const again = await twocan(['pretrain', '--out', out, '--resume']);
    expect(again.code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(whole));
    expect(lastCheckpoint(out)).toEqual(lastCheckpoint(whole));
  });

  test('kill -9 costs the steps since the last checkpoint, nothing else', async () => {
    const out = folder.path(`sigkill-${backend}`);
    const cut = await twocan([...flags, '--out', out], { when: /step +3\/4/, signal: 'SIGKILL' });
    expect(cut.signal).toBe('SIGKILL');
    writeFileSync(join(out, 'metrics.jsonl'), '{"step":3,"lo', { flag: 'a' });
    const again = await twocan(['pretrain', '--out', out, '--resume']);
    expect(again.code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(whole));
    expect(lastCheckpoint(out)).toEqual(lastCheckpoint(whole));
  });

  test('a run is neither replaced nor resumed differently by accident', async () => {
    const plain = await twocan([...flags, '--out', whole]);
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining('--overwrite')]);
    const other = await twocan([
      ...['pretrain', '--out', whole, '--resume', '--batch', '8', '--lr', '1'],
    ]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/batch: 2 in the run, 8 now/);
    expect(other.stderr).toContain('optimizer.learningRate');
  });
});

describe('averaged weights, accumulated batches and clipped gradients', {
  timeout: 240_000,
}, () => {
  const parts = ['--accumulate', '2', '--ema', '0.9', '--clip', '0.5'];
  const machine = ['--backend', 'simd', '--threads', '1'];
  const flags = ['pretrain', ...TINY, ...machine, ...parts];
  const [whole, out] = [folder.path('average'), folder.path('average-cut')];

  beforeAll(async () => {
    const outcome = await twocan([...flags, '--out', whole]);
    expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
  });

  test('are in the config, and a resumed run is the uninterrupted one, bit by bit', async () => {
    expect(JSON.parse(readFileSync(join(whole, 'config.json'), 'utf8'))).toMatchObject({
      batch: 2,
      accumulate: 2,
      ema: 0.9,
      optimizer: { clip: 0.5 },
    });
    const cut = await twocan([...flags, '--out', out], { when: /step +1\/4/, signal: 'SIGINT' });
    expect(cut.code).toBe(130);
    const other = ['--out', out, '--resume', '--ema', '0.8', '--accumulate', '3', '--clip', '1'];
    expect((await twocan(['pretrain', ...other])).stderr).toMatch(
      /accumulate: 2 in the run, 3 now\n.*\n? *.*optimizer.clip: 0.5 in the run, 1 now\n *ema: 0.9/,
    );
    const again = await twocan(['pretrain', '--out', out, '--resume']);
    expect(again.code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(whole));
    expect(lastCheckpoint(out)).toEqual(lastCheckpoint(whole));
  });

  test('the average is what other commands use', async () => {
    const photos = folder.path('photos');
    await drawPhotos(photos, 1, 2);
    const rows = folder.path('rows.npy');
    const embed = ['embed', '--model', whole, '--data', photos, '--out', rows, '--backend', 'cpu'];
    expect((await twocan(embed)).code).toBe(0);
    const [newest] = lastCheckpoint(whole);
    const bytes = readFileSync(join(whole, 'checkpoints', newest));
    await chooseBackend('cpu');
    const { params, ema, config } = decodeCheckpoint(bytes);
    const { model, normalization } = config as unknown as RunConfig;
    const dataset = await imageFolder(photos);
    const pixels = await plainViews(dataset, [0, 1], { size: 32, ...normalization });
    const features = [ema, params].map((tree) =>
      encode(model)(tree as CanParams, tensor4d(pixels, [2, 32, 32, 3])).dataSync(),
    );
    const written = new Float32Array(
      new Uint8Array(readFileSync(rows)).slice(-8 * model.encoder.width).buffer,
    );
    const distance = (other: ArrayLike<number>): number =>
      Math.max(...written.map((x, i) => Math.abs(x - (other[i] ?? Number.NaN))));
    const [average = NaN, last = NaN] = features.map((one) => distance(one));
    expect(average).toBeLessThan(1e-5);
    expect(last).toBeGreaterThan(100 * average);
  });

  test('a batch in parts has the loss of the whole batch', async () => {
    const lossOf = async (name: string, ...more: string[]): Promise<number> => {
      const run = folder.path(name);
      const simclr = ['--data', 'shapes:8', '--batch', '4', '--steps', '1', '--method', 'simclr'];
      const { code } = await twocan(['pretrain', ...simclr, ...machine, ...more, '--out', run]);
      expect(code).toBe(0);
      return metricsOf(run).find(({ step }) => step === 1)?.loss as number;
    };
    const [one, two] = [await lossOf('one-piece'), await lossOf('two-parts', '--micro-batch', '2')];
    expect(two).toBeCloseTo(one, 4);
  });
});

test('a method without views, noise or labels to compare runs too', async () => {
  for (const method of ['mae', 'simclr']) {
    const out = folder.path(method);
    const { code, stderr } = await twocan(['pretrain', ...TINY, '--out', out, '--method', method]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
  }
  const replaced = await twocan([
    ...['pretrain', ...SMALL, '--out', folder.path('mae'), '--overwrite', '--steps', '2'],
  ]);
  expect(replaced.code).toBe(0);
  expect(stepsOf(folder.path('mae'))).toHaveLength(2);
});
