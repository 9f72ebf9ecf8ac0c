import { fold, key } from '@twocan/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  erase,
  makeBatches,
  resolveAugmentation,
  sampleErasure,
  sampleViewPlan,
  shapes,
} from '../src/index.ts';
import { moments } from './moments.ts';

describe('sampleErasure', () => {
  it('stays inside, for any size of the view', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(), (size, seed) => {
        const box = sampleErasure(key(seed), size)?.box;
        if (box === undefined) return;
        expect(box.x >= 0 && box.y >= 0 && box.width < size && box.height < size).toBe(true);
        expect(box.x + box.width <= size && box.y + box.height <= size).toBe(true);
      }),
    );
  });

  it('takes a share U(0.02, 1/3) of the area, height over width evenly in the logarithm', () => {
    const boxes = Array.from({ length: 4000 }, (_, i) => sampleErasure(fold(key(1), i), 1000)?.box);
    const found = boxes.filter((box) => box !== undefined);
    // Of a view of 1000 all rectangles of legal area and aspect but the longest fit.
    expect(found.length).toBe(4000);
    const area = moments(found.map(({ width, height }) => (width * height) / 1e6));
    const aspect = moments(found.map(({ width, height }) => Math.log(height / width)));
    const [spread, logs] = [1 / 3 - 0.02, 2 * Math.log(1 / 0.3)];
    // Five deviations of a mean of 4000 draws; the few that do not fit shift both by less.
    const off = 5 / Math.sqrt(12 * 4000);
    expect(Math.abs(area.mean - (1 / 3 + 0.02) / 2)).toBeLessThan(spread * off);
    expect(Math.abs(aspect.mean)).toBeLessThan(logs * off);
    expect(Math.abs(area.variance / (spread ** 2 / 12) - 1)).toBeLessThan(0.08);
    expect(Math.abs(aspect.variance / (logs ** 2 / 12) - 1)).toBeLessThan(0.08);
    const middle = moments(found.map(({ x, width }) => x / (1000 - width)));
    expect(Math.abs(middle.mean - 0.5)).toBeLessThan(off);
  });
});

describe('erase', () => {
  it('writes standard normal noise into the rectangle and touches nothing else', () => {
    const pixels = new Float32Array(64 * 64 * 3).fill(9);
    const box = { x: 5, y: 12, width: 40, height: 30 };
    erase(pixels, 64, { box, noise: key(2) });
    const inside = (i: number): boolean => {
      const [x, y] = [Math.floor(i / 3) % 64, Math.floor(i / 192)];
      return x >= 5 && x < 45 && y >= 12 && y < 42;
    };
    const [noise, rest] = [true, false].map((side) => pixels.filter((_, i) => inside(i) === side));
    expect(rest?.every((x) => x === 9)).toBe(true);
    const { mean, variance } = moments(noise ?? []);
    expect(noise).toHaveLength(3600);
    expect(Math.abs(mean)).toBeLessThan(5 / 60);
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 3600));
  });

  it('comes to views with its probability, and leaves the rest of the plan as it was', () => {
    const planOf = (erasing: number) => (i: number) =>
      sampleViewPlan(fold(key(3), i), { width: 40, height: 40 }, 32, {
        ...resolveAugmentation(32),
        erasing,
      });
    const plans = Array.from({ length: 4000 }, (_, i) => planOf(0.25)(i));
    const share = plans.filter((plan) => plan.erase !== undefined).length / 4000;
    expect(Math.abs(share - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 4000));
    const { erase: _, ...others } = planOf(1)(0);
    expect(others).toEqual(planOf(0)(0));
    expect(() => resolveAugmentation(32, { erasing: 2 })).toThrow('erasing must be a probability');
  });

  it('changes a batch inside its rectangles alone', async () => {
    const dataset = shapes({ key: key(0), count: 4, size: 32 });
    const batchOf = (erasing: number) =>
      makeBatches(dataset, { key: key(0), batch: 4, size: 32, augmentation: { erasing } })(0);
    const [plain, erased] = await Promise.all([batchOf(0), batchOf(1)]);
    plain.views.forEach((view, v) => {
      for (let b = 0; b < 4; b++) {
        const part = <T extends { slice: (from: number, to: number) => T }>(all: T): T =>
          all.slice(b * 3072, (b + 1) * 3072);
        const other = part(erased.views[v] ?? new Float32Array(0));
        const changed = part(view).filter((x, i) => x !== other[i]).length / 3072;
        expect(changed).toBeGreaterThan(0.01);
        expect(changed).toBeLessThan(0.36);
      }
    });
  });
});
