import { fold, key } from '@twocan/core';
import { expectClose } from '@twocan/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Augmentation,
  centrePlan,
  resolveAugmentation,
  sampleViewPlan,
  type ViewPlan,
} from '../src/index.ts';

const draw = (count: number, source = { width: 48, height: 40 }, size = 32): ViewPlan[] =>
  Array.from({ length: count }, (_, i) =>
    sampleViewPlan(fold(key(7), i), source, size, resolveAugmentation(size)),
  );

const share = (plans: ViewPlan[], holds: (plan: ViewPlan) => boolean): number =>
  plans.filter(holds).length / plans.length;

describe('sampleViewPlan', () => {
  it('is plain JSON and a function of the key', () => {
    const [first, second] = draw(2);
    expect(JSON.parse(JSON.stringify(first))).toEqual(first);
    expect(draw(1)[0]).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it('keeps every crop inside, with area and aspect in range, for any picture', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        (width, height, seed) => {
          const settings = resolveAugmentation(32);
          const { crop } = sampleViewPlan(key(seed), { width, height }, 32, settings);
          expect(crop.x >= 0 && crop.y >= 0 && crop.width >= 1 && crop.height >= 1).toBe(true);
          expect(crop.x + crop.width <= width && crop.y + crop.height <= height).toBe(true);
          if (Math.min(width, height) < 60 || Math.max(width, height) > 2 * Math.min(width, height))
            return;
          // Rounding to whole pixels moves both sides by half a pixel at most.
          const aspect = crop.width / crop.height;
          expect(aspect).toBeGreaterThan(0.75 * 0.95);
          expect(aspect).toBeLessThan((4 / 3) * 1.05);
          expect((crop.width * crop.height) / (width * height)).toBeGreaterThan(0.2 * 0.93);
        },
      ),
    );
  });

  it('falls back to the largest centre crop of a legal aspect', () => {
    const settings = resolveAugmentation(32);
    // A strip has no crop of a fifth of its area that is nearly square.
    const wide = sampleViewPlan(key(0), { width: 400, height: 10 }, 32, settings).crop;
    expect(wide).toEqual({ x: 193, y: 0, width: 13, height: 10 });
    const tall = sampleViewPlan(key(0), { width: 10, height: 400 }, 32, settings).crop;
    expect(tall).toEqual({ x: 0, y: 193, width: 10, height: 13 });
  });

  it('has the rates and ranges of the recipe', () => {
    // 4,000 draws: five standard deviations of a share of one half are 0.04.
    const plans = draw(4000);
    const near = (got: number, want: number) => expect(Math.abs(got - want)).toBeLessThan(0.04);
    near(
      share(plans, ({ flip }) => flip),
      0.5,
    );
    near(
      share(plans, ({ operations }) => operations.length === 4),
      0.8,
    );
    near(
      share(plans, ({ operations }) => operations.length === 0),
      0.2,
    );
    near(
      share(plans, ({ grey }) => grey),
      0.2,
    );
    expect(share(plans, ({ sigma }) => sigma > 0)).toBe(0);
    const jittered = plans.filter(({ operations }) => operations.length > 0);
    for (const kind of ['brightness', 'contrast', 'saturation', 'hue'] as const) {
      const amounts = jittered.flatMap(({ operations }) =>
        operations.filter((change) => change.kind === kind).map(({ amount }) => amount),
      );
      const [middle, reach] = kind === 'hue' ? [0, 0.1] : [1, 0.4];
      expectClose(Math.min(...amounts), middle - reach, { atol: 0.01 });
      expectClose(Math.max(...amounts), middle + reach, { atol: 0.01 });
      near(
        share(jittered, ({ operations }) => operations[0]?.kind === kind),
        0.25,
      );
    }
    const areas = plans.map(({ crop }) => (crop.width * crop.height) / (48 * 40));
    expect(Math.min(...areas)).toBeLessThan(0.22);
    expect(Math.max(...areas)).toBeGreaterThan(0.9);
  });

  it('scales blur with the view, and leaves the rest as it was when one part is off', () => {
    const source = { width: 300, height: 300 };
    const all = resolveAugmentation(224, { blur: 1 });
    const plan = sampleViewPlan(key(3), source, 224, all);
    expect(plan.sigma).toBeGreaterThanOrEqual(0.1);
    expect(plan.sigma).toBeLessThanOrEqual(2);
    expectClose(sampleViewPlan(key(3), source, 112, all).sigma, plan.sigma / 2);
    const { operations: _, ...others } = plan;
    expect(sampleViewPlan(key(3), source, 224, { ...all, jitter: 0 })).toEqual({
      ...others,
      operations: [],
    });
  });
});

it('inverts as many views as it is set to, and changes nothing else', () => {
  const source = { width: 40, height: 40 };
  const plans = (changes: Partial<Augmentation>) =>
    Array.from({ length: 4000 }, (_, i) =>
      sampleViewPlan(fold(key(7), i), source, 32, resolveAugmentation(32, changes)),
    );
  const inverted = plans({ solarize: 0.2 });
  expect(Math.abs(share(inverted, ({ solarize }) => solarize === true) - 0.2)).toBeLessThan(0.04);
  expect(plans({ solarize: 1 }).every(({ solarize }) => solarize)).toBe(true);
  expect(inverted.map(({ solarize: _, ...others }) => others)).toEqual(plans({}));
});

describe('resolveAugmentation', () => {
  it('reports every problem at once', () => {
    expect(() => resolveAugmentation(32, { flip: 2, hue: 0.7, scale: [0.5, 0.2] })).toThrow(
      'resolveAugmentation: flip must be a probability, got 2; hue must lie in [0, 0.5], got 0.7; ' +
        'scale must rise within (0, 1], got [0.5,0.2]',
    );
  });

  it('blurs from 64 pixels on', () => {
    expect([32, 63, 64, 224].map((size) => resolveAugmentation(size).blur)).toEqual([
      0, 0, 0.5, 0.5,
    ]);
  });
});

describe('centrePlan', () => {
  it('takes the middle square', () => {
    expect(centrePlan({ width: 40, height: 49 }).crop).toEqual({
      x: 0,
      y: 4,
      width: 40,
      height: 40,
    });
  });
});
