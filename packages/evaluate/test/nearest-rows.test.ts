import { describeBackends, expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { meanRow, nearestRows, similarPairs, unitRows } from '../src/index.ts';
import { train } from './rows.ts';

describe('unit rows', () => {
  it('have length 1, and the direction from the centre', () => {
    const rows = Float32Array.of(4, 6, -2, 2);
    const centre = meanRow(rows, { rows: 2 });
    expectClose(centre, [1, 4]);
    expectClose(unitRows(rows, { rows: 2, centre }), [
      3 / 13 ** 0.5,
      2 / 13 ** 0.5,
      -3 / 13 ** 0.5,
      -2 / 13 ** 0.5,
    ]);
  });

  it('are zero at the centre, as near as the caller wants', () => {
    const centre = Float64Array.of(1000, 0);
    const rows = Float32Array.of(1000, 1e-3);
    expectClose(unitRows(rows, { rows: 1, centre }), [0, 1]);
    expectClose(unitRows(rows, { rows: 1, centre, equal: 1e-5 }), [0, 0]);
  });

  it('need a centre as wide as they are', () => {
    expect(() => unitRows(new Float32Array(4), { rows: 2, centre: new Float64Array(3) })).toThrow(
      'unitRows: centre must have 2 numbers, got 3',
    );
  });
});

describe('the nearest rows', () => {
  // At 0, 90, 180, 0 and 60 degrees.
  const unit = Float32Array.of(1, 0, 0, 1, -1, 0, 1, 0, 0.5, Math.sqrt(3) / 2);

  it('come nearest first, equal ones in the order of the rows', () => {
    const query = Float32Array.of(1, 0);
    expect(nearestRows(query, unit, { k: 9 }).map(({ row }) => row)).toEqual([0, 3, 4, 1, 2]);
    expect(nearestRows(query, unit, { k: 2 })).toEqual([
      { row: 0, cosine: 1 },
      { row: 3, cosine: 1 },
    ]);
  });

  it('leave one out', () => {
    const others = nearestRows(Float32Array.of(1, 0), unit, { k: 9, except: 0 });
    expect(others.map(({ row }) => row)).toEqual([3, 4, 1, 2]);
  });
});

describeBackends('similar pairs', () => {
  it('are those that a double loop finds', async () => {
    const rows = train.labels.length;
    const unit = unitRows(train.features, { rows });
    const width = unit.length / rows;
    const expected: string[] = [];
    for (let i = 0; i < rows; i++) {
      for (let j = i + 1; j < rows; j++) {
        let sum = 0;
        for (let d = 0; d < width; d++) {
          sum += (unit[i * width + d] ?? 0) * (unit[j * width + d] ?? 0);
        }
        if (sum >= 0.7) expected.push(`${i} ${j}`);
      }
    }
    const pairs = await similarPairs(unit, { rows, least: 0.7 });
    expect(pairs.map(({ first, second }) => `${first} ${second}`).sort()).toEqual(expected.sort());
    expect(expected.length).toBeGreaterThan(10);
    const cosines = pairs.map(({ cosine }) => cosine);
    expect(cosines).toEqual(cosines.toSorted((a, b) => b - a));
  });
});
