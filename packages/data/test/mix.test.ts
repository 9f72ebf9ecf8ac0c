import { fold, key } from '@twocan/core';
import { expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { mixImages, mixTargets, sampleMix } from '../src/index.ts';
import { moments } from './moments.ts';

const draws = (mixup: number, cutmix: number, count = 4000) =>
  Array.from({ length: count }, (_, i) => sampleMix(fold(key(3), i), { mixup, cutmix }, 32));

describe('sampleMix', () => {
  it.each([1e-20, 0.01, 0.2, 0.8, 2])(
    'mixup keeps a share of Beta(%s, α): mean ½, variance 1/(4(2α+1))',
    (alpha) => {
      const { mean, variance } = moments(draws(alpha, 0).map(({ keep }) => keep));
      const wanted = 1 / (4 * (2 * alpha + 1));
      // Five deviations of a mean of 4000 draws.
      expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(wanted / 4000));
      expect(Math.abs(variance / wanted - 1)).toBeLessThan(0.1);
    },
  );

  it('cutmix keeps exactly what its box leaves', () => {
    for (const { keep, box } of draws(0, 1, 200)) {
      const { top = 0, left = 0, bottom = 0, right = 0 } = box ?? {};
      expect(keep).toBe(1 - ((bottom - top) * (right - left)) / 1024);
      expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
      expect(Math.max(bottom, right)).toBeLessThanOrEqual(32);
    }
  });

  it('takes each of both for half of the batches, none where both are 0', () => {
    const cut = draws(0.8, 1).filter(({ box }) => box !== undefined).length;
    expect(Math.abs(cut / 4000 - 0.5)).toBeLessThan(0.04);
    expect(sampleMix(key(0), { mixup: 0, cutmix: 0 }, 32)).toEqual({ keep: 1 });
    expect(() => sampleMix(key(0), { mixup: 3, cutmix: 0 }, 32)).toThrow(
      'sampleMix: mixup must lie in [0, 2], got 3',
    );
  });
});

describe('mixImages and mixTargets', () => {
  const pixels = Float32Array.from({ length: 2 * 4 * 4 }, (_, i) => (i < 16 ? 0 : 1));

  it('mixup is the weighted mean with the batch backwards', () => {
    const mixed = mixImages(pixels, { keep: 0.75 }, 4, 2);
    expect([...mixed]).toEqual([...Array(16).fill(0.25), ...Array(16).fill(0.75)]);
  });

  it('cutmix replaces the box', () => {
    const box = { top: 1, left: 2, bottom: 3, right: 4 };
    const mixed = mixImages(pixels, { keep: 0.75, box }, 4, 2);
    expect([...mixed.subarray(0, 16)]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0]);
    expect([...mixed.subarray(16)].reduce((a, b) => a + b)).toBe(12);
  });

  it('labels are smoothed, mixed, and sum to 1', () => {
    const targets = mixTargets(Int32Array.of(0, 2), { keep: 0.75 }, { classes: 3, smoothing: 0.1 });
    const third = 0.1 / 3;
    const [most, least] = [0.9 * 0.75 + third, 0.9 * 0.25 + third];
    expectClose(targets, [most, third, least, least, third, most]);
  });
});
