import { leastStepMemory } from '@twocan/can';
import { preset } from '@twocan/vit';
import { expect, test } from 'vitest';

const { encoder, decoder } = preset('b16');

test('what is counted of an encoder, by hand', () => {
  const { fixed, perImage } = leastStepMemory({ encoder, views: 1, maskRatio: 0 });
  // 85 647 360 parameters, each with two averages.
  expect(fixed).toBe(85_647_360 * 3 * 4);
  // 12 blocks on 197 tokens of width 768, each of which keeps 1 + 3 + 4 rows.
  expect(perImage).toBe(4 * (224 * 224 * 3 + 12 * 197 * 768 * 8));
});

test('hidden patches are kept by the decoder alone, and views are counted each', () => {
  const masked = { encoder, views: 1, maskRatio: 0.75 } as const;
  const { perImage } = leastStepMemory(masked);
  expect(perImage).toBe(4 * (224 * 224 * 3 + 12 * 50 * 768 * 8));
  expect(leastStepMemory({ ...masked, views: 2 }).perImage).toBe(2 * perImage);
  const { depth, width } = decoder;
  expect(leastStepMemory({ ...masked, decoder }).perImage - perImage).toBe(
    4 * depth * 197 * width * 8,
  );
});
