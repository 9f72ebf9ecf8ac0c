import { chooseBackend } from '@twocan/backend';
import { fold, key } from '@twocan/core';
import { knnAccuracy } from '@twocan/evaluate';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Dataset, drawShape, plainViews, shapes } from '../src/index.ts';

const all = ({ length }: Dataset): number[] => Array.from({ length }, (_, i) => i);

describe('shapes', () => {
  const dataset = shapes({ key: key(1), count: 25, size: 24 });

  it('is ten labelled classes of RGB pictures, in turn', async () => {
    expect(dataset.length).toBe(25);
    expect(dataset.classes).toHaveLength(10);
    expect(Array.from(dataset.labels ?? [])).toEqual(all(dataset).map((i) => i % 10));
    expect(dataset.name(14)).toBe('star-14');
    const image = await dataset.image(14);
    expect(image).toMatchObject({ width: 24, height: 24, channels: 3 });
    expect(image.data).toHaveLength(24 * 24 * 3);
  });

  it('is a pure function of key, index and size', async () => {
    const later = shapes({ key: key(1), count: 15, size: 24 });
    expect(await later.image(12)).toEqual(await dataset.image(12));
    expect(drawShape(key(1), 12, 24)).toEqual(await dataset.image(12));
    expect(drawShape(key(2), 12, 24)).not.toEqual(await dataset.image(12));
    expect(drawShape(key(1), 22, 24)).not.toEqual(await dataset.image(12));
  });

  it('shows the same scene at every size', () => {
    const small = drawShape(key(3), 1, 16);
    const large = drawShape(key(3), 1, 64);
    // Averages of 4x4 blocks: smooth edges make them equal but for noise and edge rounding.
    let difference = 0;
    for (let i = 0; i < small.data.length; i++) {
      const [row, column, c] = [Math.floor(i / 48), Math.floor(i / 3) % 16, i % 3];
      let sum = 0;
      for (let j = 0; j < 16; j++) {
        const [y, x] = [row * 4 + Math.floor(j / 4), column * 4 + (j % 4)];
        sum += large.data[(y * 64 + x) * 3 + c] ?? 0;
      }
      difference += Math.abs(sum / 16 - (small.data[i] ?? 0)) / small.data.length;
    }
    expect(difference).toBeLessThan(8);
  });

  it('refuses sizes and indices out of range', async () => {
    expect(() => shapes({ key: key(0), count: 0, size: 32 })).toThrow(
      /count must be a positive integer/,
    );
    expect(() => shapes({ key: key(0), count: 1, size: 7 })).toThrow(/size must be an integer ≥ 8/);
    await expect(dataset.image(25)).rejects.toThrow(
      /index must be an integer in \[0, 25\), got 25/,
    );
  });
});

describe('shapes as a task', () => {
  beforeAll(async () => {
    await chooseBackend('wasm');
  });

  it('is hard for nearest neighbours of raw pixels', async () => {
    const features = async (name: string, count: number) => {
      const dataset = shapes({ key: fold(key(0), name), count, size: 32 });
      return {
        features: await plainViews(dataset, all(dataset), { size: 32 }),
        labels: dataset.labels ?? new Int32Array(0),
      };
    };
    const [train, test] = [await features('train', 1500), await features('test', 500)];
    const { accuracy } = await knnAccuracy({ train, test });
    expect(accuracy).toBeGreaterThan(0.15);
    expect(accuracy).toBeLessThan(0.35);
  });
});
