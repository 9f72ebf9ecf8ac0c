import { expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { effectiveRank, rankMe, spectrumDecay } from '../src/index.ts';
import golden from './golden/spectrum.json' with { type: 'json' };

const CASES = [
  ['more rows than columns', golden.tall],
  ['fewer rows than columns', golden.wide],
] as const;

/** Rows ±a_i on axis i, so that the mean is 0 and the i-th eigenvalue goes with a_i². */
function cross(lengths: readonly number[]): Float32Array {
  const width = lengths.length;
  const rows = new Float32Array(2 * width * width);
  lengths.forEach((length, i) => {
    rows[2 * i * width + i] = length;
    rows[(2 * i + 1) * width + i] = -length;
  });
  return rows;
}

describe('rankMe', () => {
  it.each(CASES)('agrees with numpy: %s', (_, { rows, features, rankMe: want }) => {
    expectClose(rankMe(Float32Array.from(features), { rows }), want);
  });

  it('is D for a cross of all axes, and counts the mean as a direction', () => {
    expectClose(rankMe(cross([2, 2, 2, 2, 2]), { rows: 10 }), 5, { rtol: 1e-5 });
    const line = Float32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 100 : i - 9.5));
    expect(effectiveRank(line, { rows: 10 })).toBeCloseTo(1);
    expect(rankMe(line, { rows: 10 })).toBeGreaterThan(1.1);
    expect(rankMe(new Float32Array(6), { rows: 3 })).toBe(0);
  });

  it('says what is wrong', () => {
    expect(() => effectiveRank(new Float32Array(4), { rows: 2, epsilon: 1 })).toThrow(
      'effectiveRank: epsilon must be in [0, 1), got 1',
    );
  });
});

describe('spectrumDecay', () => {
  it.each(CASES)('agrees with numpy: %s', (_, { rows, features, alpha }) => {
    expectClose(spectrumDecay(Float32Array.from(features), { rows }) ?? Number.NaN, alpha, {
      rtol: 1e-4,
    });
  });

  it.each([0, 0.5, 1, 2])('is the exponent of a power law: %d', (alpha) => {
    const lengths = Array.from({ length: 30 }, (_, i) => (i + 1) ** (-alpha / 2));
    expect(spectrumDecay(cross(lengths), { rows: 60 })).toBeCloseTo(alpha, 5);
  });

  it('does not look at the first three directions, nor past the hundredth', () => {
    const lengths = Array.from({ length: 110 }, (_, i) =>
      i < 3 ? 1000 : i < 100 ? (i + 1) ** -0.5 : 1e-3,
    );
    expect(spectrumDecay(cross(lengths), { rows: 220 })).toBeCloseTo(1, 4);
  });

  it('does not change when all features are scaled or moved', () => {
    const features = Float32Array.from(golden.tall.features);
    const { rows } = golden.tall;
    const moved = features.map((x) => 4 * x + 2);
    expectClose(
      spectrumDecay(moved, { rows }) ?? Number.NaN,
      spectrumDecay(features, { rows }) ?? 0,
      {
        rtol: 1e-4,
      },
    );
  });

  it('is nothing where there are too few directions', () => {
    expect(spectrumDecay(cross([1, 1, 1, 1]), { rows: 8 })).toBeUndefined();
    expect(spectrumDecay(cross([1, 1, 1, 1, 1]), { rows: 10 })).toBeCloseTo(0);
    expect(() => spectrumDecay(new Float32Array(5), { rows: 2 })).toThrow(
      'spectrumDecay: features must have whole rows, got 5 values for 2 rows',
    );
  });
});
