import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { drawPhotos, metricsOf, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
// Each test starts the program several times.
vi.setConfig({ testTimeout: 300_000 });
const [photos, run] = [folder.path('photos'), folder.path('run')];
const SMALL = ['--batch', '4', '--patch', '16', '--backend', 'simd', '--threads', '1'];

beforeAll(async () => {
  await drawPhotos(photos, 2, 4);
  const flags = ['--data', photos, ...SMALL, '--steps', '9', '--lr', '1e20', '--out', run];
  const { code, stderr } = await twocan(['pretrain', ...flags]);
  expect([code, stderr]).toEqual([
    3,
    expect.stringMatching(/\n {2}where it began: .*twocan replay/),
  ]);
});

const note = (): { step: number; what: string } =>
  JSON.parse(readFileSync(join(run, 'replay.json'), 'utf8')) as { step: number; what: string };

test('a run that explodes leaves the step, which replay takes again', async () => {
  const { step, what } = note();
  expect(what).toMatch(/NaN|Infinity|infinity/);
  const before = readFileSync(join(run, 'metrics.jsonl'), 'utf8');
  const { code, stdout } = await twocan(['replay', run, '--json', '--threads', '1']);
  expect(code).toBe(0);
  const found = JSON.parse(stdout) as {
    step: number;
    metrics: Record<string, number | null>;
    gradients: Record<string, number | null>;
    first: { kernel: string; output: { notFinite: number } };
    images: number[];
  };
  expect(found.step).toBeLessThanOrEqual(step);
  expect(found.images).toHaveLength(4);
  expect(found.first.kernel).toMatch(/^[\w.]+$/);
  expect(found.first.output.notFinite).toBeGreaterThan(0);
  expect(Object.keys(found.gradients)).toContain('encoder');
  const lines = await twocan(['replay', run, '--threads', '1']);
  expect(lines.stdout).toMatch(new RegExp(`^step +${found.step + 1}, after ${found.step} whole`));
  for (const name of ['loss', 'contrastive', 'reconstruction', 'denoising', 'gradNorm']) {
    expect(lines.stdout).toMatch(new RegExp(`^${name} +(NaN|-?Infinity|[-\\d.e+]+)$`, 'm'));
  }
  expect(lines.stdout).toMatch(/^gradient of encoder /m);
  expect(lines.stdout).toMatch(/^first not finite +kernel [\w.]+, call \d+ of the step$/m);
  // Nothing of the run has changed.
  expect(readFileSync(join(run, 'metrics.jsonl'), 'utf8')).toBe(before);
});

test('without checkpoints it begins where the run began, and finds the same', async () => {
  const first = JSON.parse((await twocan(['replay', run, '--json', '--threads', '1'])).stdout);
  rmSync(join(run, 'checkpoints'), { recursive: true });
  const again = JSON.parse((await twocan(['replay', run, '--json', '--threads', '1'])).stdout);
  expect(again).toEqual(first);
});

test('a step before the explosion is that of the run', async () => {
  const { what } = note();
  writeFileSync(join(run, 'replay.json'), JSON.stringify({ step: 0, what }));
  const { stdout } = await twocan(['replay', run, '--json', '--threads', '1']);
  const { metrics, learningRate } = JSON.parse(stdout) as {
    metrics: Record<string, number>;
    learningRate: number;
  };
  expect({ step: 1, ...metrics, learningRate }).toEqual(
    metricsOf(run).find(({ step }) => step === 1),
  );
  const lines = await twocan(['replay', run, '--threads', '1']);
  expect(lines.stdout).toMatch(/every number of the step is finite\n$/);
});

test('what is no such run is refused, as are other images', async () => {
  writeFileSync(join(run, 'replay.json'), '{"step": "x"}');
  expect(await twocan(['replay', run])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('replay.json is damaged'),
  });
  expect(await twocan(['replay', folder.path('none')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has no replay.json'),
  });
  writeFileSync(join(run, 'replay.json'), '{"step": 1, "what": "loss is NaN"}');
  const others = folder.path('others');
  await drawPhotos(others, 2, 3);
  expect(await twocan(['replay', run, '--data', others])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('replay: the images of'),
  });
});

test('a run that is resumed begins without the old note', async () => {
  const calm = folder.path('calm');
  const flags = ['--data', photos, ...SMALL, '--steps', '1', '--out', calm];
  await twocan(['pretrain', ...flags]);
  expect(existsSync(join(calm, 'replay.json'))).toBe(false);
  writeFileSync(join(calm, 'replay.json'), '{"step": 1, "what": "loss is NaN"}');
  expect(await twocan(['pretrain', '--resume', '--out', calm])).toMatchObject({ code: 0 });
  expect(existsSync(join(calm, 'replay.json'))).toBe(false);
});
