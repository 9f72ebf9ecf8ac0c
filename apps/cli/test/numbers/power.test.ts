import { loadGolden } from '@twocan/testkit';
import { describe, expect, test } from 'vitest';
import {
  detectable,
  marginOf,
  neededSeeds,
  pooled,
  seedsFor,
} from '../../src/ablation/power/power.ts';
import {
  normalBelow,
  shiftFor,
  spreadLimit,
  studentQuantile,
  testPower,
} from '../../src/ablation/power/student.ts';

const golden = loadGolden('power');
const of = (name: string): number[] => Array.from(golden.values(name));
const DF = of('df');

/** Equal to so many shares of the expected value. */
const near = (actual: number, expected: number, share = 1e-6) =>
  expect(Math.abs(actual / expected - 1)).toBeLessThan(share);

describe("Student's t as scipy has it", () => {
  test('quantiles', () => {
    for (const [i, df] of DF.entries()) near(studentQuantile(0.975, df), of('quantiles')[i] ?? NaN);
    // With one and two degrees of freedom there are closed forms.
    near(studentQuantile(0.975, 1), Math.tan(Math.PI * 0.475));
    near(studentQuantile(0.975, 2), 0.95 * Math.sqrt(2 / (4 * 0.975 * 0.025)));
  });

  test('the power of a test of paired differences', () => {
    const [shifts, power] = [of('shifts'), of('power')];
    for (const [i, df] of DF.entries()) {
      for (const [j, shift] of shifts.entries()) {
        near(testPower(shift, df, 0.05), power[i * shifts.length + j] ?? NaN);
      }
      near(shiftFor(0.8, df, 0.05), of('shift-for-80')[i] ?? NaN);
    }
  });

  test('how much larger a spread may be than that of a sample', () => {
    for (const [i, df] of DF.entries()) {
      near(spreadLimit(0.8, df), of('spread-limit')[i] ?? NaN, 1e-3);
    }
  });

  test('the normal distribution', () => {
    // From a table of ten digits.
    for (const [x, share] of [
      [0, 0.5],
      [1, 0.8413447461],
      [-2.326347874, 0.01],
      [6, 0.999999999],
    ]) {
      expect(normalBelow(x ?? NaN)).toBeCloseTo(share ?? NaN, 9);
    }
    expect([normalBelow(-9), normalBelow(9)]).toEqual([0, 1]);
  });
});

describe('the plan of a test', () => {
  test('needs the sizes of samples that scipy needs', () => {
    for (const [i, effect] of of('effects').entries()) {
      expect(seedsFor(effect, 1)).toBe(of('sizes')[i]);
    }
  });

  // Pairs for a two-sided test at 0.05 with power 0.8, as G*Power 3.1 gives them.
  test.each([
    [0.2, 199],
    [0.5, 34],
    [0.8, 15],
  ])('an effect of %d deviations needs %d pairs', (effect, pairs) => {
    expect(seedsFor(effect, 1)).toBe(pairs);
    // One fewer finds only a larger one.
    expect(detectable(1, pairs)).toBeLessThanOrEqual(effect);
    expect(detectable(1, pairs - 1)).toBeGreaterThan(effect);
  });

  test('asks for no number of seeds where none is enough, and for two where nothing varies', () => {
    expect(seedsFor(0.001, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(seedsFor(0.001, 0)).toBe(2);
    expect([detectable(1, 1), marginOf(1, 1)]).toEqual([Infinity, Infinity]);
  });

  test('takes the spread for larger the less a pilot knows it', () => {
    const [small, large] = [2, 50].map((df) => neededSeeds(1, { deviation: 1, df }));
    expect([small?.seeds, large?.seeds]).toEqual([10, 10]);
    // 1 / 2.117 and 1 / 1.0973 deviations: 38 and 12 pairs.
    expect([small?.atMost, large?.atMost]).toEqual([
      seedsFor(1 / 2.1169364935501847, 1),
      seedsFor(1 / 1.0973, 1),
    ]);
  });

  test('spreads are pooled by their degrees of freedom', () => {
    const spreads = [
      { deviation: 3, df: 1 },
      { deviation: 4, df: 3 },
    ];
    expect(pooled(spreads)).toEqual({ deviation: Math.sqrt((9 + 3 * 16) / 4), df: 4 });
    expect(pooled([])).toBeUndefined();
  });
});
