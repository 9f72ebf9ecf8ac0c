import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhotos, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const [run, photos] = [folder.path('run'), folder.path('photos')];

beforeAll(async () => {
  await drawPhotos(photos, 2, 10);
  const tiny = ['--data', 'shapes:8', '--batch', '4', '--steps', '2', '--checkpoint-every', '0'];
  expect((await twocan(['pretrain', ...tiny, '--out', run])).code).toBe(0);
});

const plain = ['--mixup', '0', '--cutmix', '0', '--smoothing', '0', '--rand-augment', '0'];
const steady = [...plain, '--drop-path', '0', '--crop-min', '1', '--erasing', '0'];
const short = ['finetune', '--data', photos, '--batch', '8', '--json'];

test('learns its images by heart, from a checkpoint', async () => {
  const out = folder.path('out');
  const words = [...short, ...steady, '--epochs', '40', '--lr', '0.003', '--model', run];
  const { code, stdout, stderr } = await twocan([...words, '--out', out]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
  const losses = [...stderr.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(40);
  // All classes alike at first; by heart in the end.
  expect(losses[0]).toBeGreaterThan(0.4);
  expect(losses.at(-1)).toBeLessThan(0.1);
  const said = JSON.parse(stdout) as { steps: number };
  expect(said.steps).toBe(80);
  expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual(said);
});

test('from scratch, with everything on: the same key gives the same numbers', async () => {
  const confusion = folder.path('confusion.png');
  const words = [...short, '--preset', 'micro32', '--epochs', '2', '--seed', '5'];
  const first = await twocan([...words, '--confusion', confusion]);
  expect(first.code).toBe(0);
  expect((await sharp(confusion).metadata()).format).toBe('png');
  const second = await twocan(words);
  expect(second.stdout).toBe(first.stdout);
  const lossesOf = (text: string) => [...text.matchAll(/loss [\d.]+/g)].map(([loss]) => loss);
  expect(lossesOf(second.stderr)).toEqual(lossesOf(first.stderr));
});

const weightsOf = (out: string): Buffer =>
  readFileSync(join(out, 'checkpoints', 'checkpoint-00000012.safetensors'));

test('interrupted and resumed, it has the bits of a run that was left alone', async () => {
  const [whole, parts] = [folder.path('whole'), folder.path('parts')];
  const words = [...short, '--model', run, '--epochs', '6', '--seed', '2', '--backend', 'wasm'];
  const wanted = await twocan([...words, '--out', whole]);
  expect(wanted.code).toBe(0);
  const signal = { when: /epoch 2 of 6/, signal: 'SIGINT' } as const;
  const stopped = await twocan([...words, '--out', parts], signal);
  expect([stopped.code, stopped.stderr]).toEqual([
    130,
    expect.stringContaining(`finetune --resume --out ${parts}`),
  ]);
  expect(existsSync(join(parts, 'result.json'))).toBe(false);
  const resumed = await twocan(['finetune', '--resume', '--out', parts, '--json']);
  expect([resumed.code, resumed.stdout]).toEqual([0, wanted.stdout]);
  expect(resumed.stderr).toMatch(/going on after step \d+ of 12/);
  expect(resumed.stderr).not.toContain('epoch 1 of 6');
  expect(weightsOf(parts).equals(weightsOf(whole))).toBe(true);
  // Once more says the same and trains nothing; before any checkpoint it begins where the run began.
  const again = await twocan(['finetune', '--resume', '--out', whole, '--json']);
  expect([again.stdout, again.stderr]).toEqual([
    wanted.stdout,
    expect.not.stringContaining('epoch'),
  ]);
  rmSync(join(parts, 'checkpoints'), { recursive: true });
  expect((await twocan(['finetune', '--resume', '--out', parts])).code).toBe(0);
  expect(weightsOf(parts).equals(weightsOf(whole))).toBe(true);

  const taken = await twocan([...words, '--out', whole]);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('with --resume')]);
  const other = ['finetune', '--resume', '--out', whole, '--warmup-epochs', '1', '--seed', '3'];
  const refused = await twocan(other);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('leave out --warmup-epochs, --seed');
  await drawPhotos(photos, 2, 11);
  const changed = await twocan(['finetune', '--resume', '--out', whole]);
  expect([changed.code, changed.stderr]).toEqual([
    2,
    expect.stringContaining('2 added (the first: class-0/10.png)'),
  ]);
  for (const c of [0, 1]) rmSync(join(photos, `class-${c}`, '10.png'));
});

test('a folder that holds something else is never touched', async () => {
  const words = [...short, '--model', run, '--epochs', '1', '--out', run, '--overwrite'];
  const { code, stderr } = await twocan(words);
  const other = expect.stringContaining('holds a run of twocan pretrain');
  expect([code, stderr]).toEqual([2, other]);
  const resumed = await twocan(['finetune', '--resume', '--out', run]);
  expect([resumed.code, resumed.stderr]).toEqual([2, other]);
});

test.each([
  [['--model', run, '--preset', 'micro32'], 'give one of --model'],
  [['--model', run, '--layer-decay', '0'], '--layer-decay must be a number above 0'],
  [['--model', run, '--erasing', '2'], '--erasing must be a number of at least 0 and at most 1'],
  [['--model', run, '--batch', '99'], '--batch 99 is more than the 16 images'],
])('%j is refused', async (words, message) => {
  const { code, stderr } = await twocan(['finetune', '--data', photos, ...words]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
