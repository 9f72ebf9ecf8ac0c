import { expectClose, loadGolden } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import {
  areSincosPositions,
  interpolations,
  resamplePositions,
  resamplingTaps,
  sincosPositions,
} from '../src/index.ts';

const golden = loadGolden('foreign');
const before = Float32Array.from(golden.values('positions/before'));
const square = { rows: 4, columns: 4 };

describe('resamplePositions against timm', () => {
  it.each([
    ['smaller', { rows: 2, columns: 3 }],
    ['larger', { rows: 7, columns: 8 }],
  ])('gives the %s table', (name, to) => {
    const table = resamplePositions(before, { from: square, to });
    expectClose(table, golden.values(`positions/${name}`), { rtol: 1e-5, atol: 1e-6 });
  });

  it('copies a table whose grid stays', () => {
    const same = resamplePositions(before, { from: square, to: square });
    expect(same).toEqual(before);
    expect(same).not.toBe(before);
  });

  it('refuses a table of another grid', () => {
    const to = { rows: 2, columns: 2 };
    expect(() => resamplePositions(before, { from: { rows: 5, columns: 5 }, to })).toThrow(
      'resamplePositions: table must hold a row of numbers for each of 5 x 5 patches, got 256 numbers',
    );
  });
});

describe('areSincosPositions', () => {
  it('knows the fixed table, as far as float32 goes', () => {
    const table = sincosPositions({ rows: 3, columns: 5, width: 8 });
    const grid = { rows: 3, columns: 5 };
    expect(areSincosPositions(table, grid)).toBe(true);
    expect(areSincosPositions(table, { rows: 5, columns: 3 })).toBe(false);
    expect(areSincosPositions(table.with(7, 0.5), grid)).toBe(false);
    expect(areSincosPositions(new Float32Array(15 * 6), grid)).toBe(false);
  });
});

describe('resamplingTaps', () => {
  it.each(interpolations)('weighs every value of %s windows to 1', (interpolation) => {
    for (const [from, to] of [
      [7, 3],
      [3, 7],
      [5, 5],
    ] as const) {
      const { counts, weights, stride, starts } = resamplingTaps(from, to, interpolation);
      for (let i = 0; i < to; i++) {
        const own = weights.subarray(i * stride, i * stride + (counts[i] ?? 0));
        expectClose([own.reduce((a, b) => a + b, 0)], [1]);
        expect((starts[i] ?? 0) + (counts[i] ?? 0)).toBeLessThanOrEqual(from);
      }
      if (from === to) expect([...starts]).toHaveLength(5);
    }
  });

  it('refuses an unknown filter', () => {
    expect(() => resamplingTaps(2, 2, 'nearest' as 'bilinear')).toThrow(
      "resamplingTaps: interpolation must be one of bilinear, bicubic, lanczos, got 'nearest'",
    );
  });
});
