import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricsOf, scratch, stepsOf, twocan } from './cli.ts';

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
