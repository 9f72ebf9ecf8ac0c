import { key, normal } from '@twocan/core';
import { expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { symmetricEigenvalues } from '../src/eigenvalues.ts';
import { effectiveRank } from '../src/index.ts';
import golden from './golden/sklearn.json' with { type: 'json' };

describe('effectiveRank', () => {
  it('agrees with numpy singular values', () => {
    const features = Float32Array.from(golden.train.features);
    const want = golden.effectiveRank;
    expectClose(effectiveRank(features, { rows: 60 }), want.centredUnit);
    expectClose(effectiveRank(features, { rows: 60, centre: false }), want.unit);
    expectClose(effectiveRank(features, { rows: 60, centre: false, normalize: false }), want.plain);
    const few = features.subarray(0, 4 * 6);
    expectClose(effectiveRank(few, { rows: 4, centre: false }), want.fewRows);
  });

  it('is D for a cross of all axes, 1 for a line, 0 for a point', () => {
    const cross = new Float32Array(10 * 5);
    for (let i = 0; i < 5; i++) {
      cross[2 * i * 5 + i] = 3;
      cross[(2 * i + 1) * 5 + i] = -3;
    }
    expectClose(effectiveRank(cross, { rows: 10 }), 5);
    const line = Float32Array.from({ length: 30 }, (_, i) => Math.floor(i / 3) - 4.5);
    expectClose(effectiveRank(line, { rows: 10 }), 1);
    const point = Float32Array.from({ length: 21 }, (_, i) => [0.1, 0.7, -0.3][i % 3] ?? 0);
    expect(effectiveRank(point, { rows: 7 })).toBe(0);
  });

  it('does not change when all features are scaled', () => {
    const features = normal(key(5), 50 * 8);
    const scaled = features.map((x) => 4 * x);
    expectClose(effectiveRank(scaled, { rows: 50 }), effectiveRank(features, { rows: 50 }));
  });

  it('says what is wrong', () => {
    expect(() => effectiveRank(new Float32Array(5), { rows: 2 })).toThrow(
      'effectiveRank: features must have whole rows, got 5 values for 2 rows',
    );
    expect(() => effectiveRank(new Float32Array([1, Infinity]), { rows: 2 })).toThrow(
      'effectiveRank: features must be finite, got Infinity in row 1',
    );
  });
});

describe('symmetricEigenvalues', () => {
  const sorted = (values: Float64Array): number[] => [...values].sort((a, b) => a - b);

  it('knows the path graph: 2 - 2 cos(πk/n)', () => {
    const n = 12;
    const laplacian = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      laplacian[i * n + i] = i === 0 || i === n - 1 ? 1 : 2;
      if (i > 0) {
        laplacian[i * n + i - 1] = -1;
        laplacian[(i - 1) * n + i] = -1;
      }
    }
    const want = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((Math.PI * k) / n));
    expectClose(sorted(symmetricEigenvalues(laplacian, n)), want, { rtol: 0, atol: 1e-12 });
  });

  it('keeps trace and squared norm of a full matrix, and handles size 1 and zeros', () => {
    const n = 40;
    const draws = normal(key(6), n * n);
    const full = Float64Array.from({ length: n * n }, (_, i) => {
      const [row, column] = [Math.floor(i / n), i % n];
      return (draws[row * n + column] ?? 0) + (draws[column * n + row] ?? 0);
    });
    let trace = 0;
    for (let i = 0; i < n; i++) trace += full[i * n + i] ?? 0;
    const squares = full.reduce((sum, x) => sum + x * x, 0);
    const found = symmetricEigenvalues(full.slice(), n);
    expectClose(
      found.reduce((a, b) => a + b, 0),
      trace,
      { rtol: 1e-10, atol: 1e-10 },
    );
    expectClose(
      found.reduce((a, b) => a + b * b, 0),
      squares,
      { rtol: 1e-10 },
    );
    expect([...symmetricEigenvalues(Float64Array.of(3), 1)]).toEqual([3]);
    expect([...symmetricEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
  });
});
