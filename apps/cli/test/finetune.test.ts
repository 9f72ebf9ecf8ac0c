import { readFileSync } from 'node:fs';
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

test.each([
  [['--model', run, '--preset', 'micro32'], 'give one of --model'],
  [['--model', run, '--layer-decay', '0'], '--layer-decay must be a number above 0'],
  [['--model', run, '--erasing', '2'], '--erasing must be a number of at least 0 and at most 1'],
  [['--model', run, '--batch', '99'], '--batch 99 is more than the 16 images'],
])('%j is refused', async (words, message) => {
  const { code, stderr } = await twocan(['finetune', '--data', photos, ...words]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
