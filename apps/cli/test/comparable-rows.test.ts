import { nearestRows, similarPairs } from '@twocan/evaluate';
import { describeBackends } from '@twocan/testkit';
import { describe, expect, it, test } from 'vitest';
import { comparableRows } from '../src/search/comparable-rows.ts';

type Table = readonly (readonly number[])[];
const rowsOf = (rows: Table) => ({
  features: Float32Array.from(rows.flat()),
  width: rows[0]?.length ?? 0,
});
const pairsAbove = (rows: Table, least: number) =>
  similarPairs(comparableRows(rowsOf(rows)).unit, { rows: rows.length, least });
const ten = Array.from({ length: 10 }, (_, i) => [Math.cos(i), Math.sin(3 * i), 5]);

describeBackends('near-duplicates', () => {
  it.each([
    ['two', 2, [0.3, 0.1, 7]],
    ['seven', 7, [1, 2, 3]],
    ['eight', 8, [1 / 3, 0.1, 7]],
    ['eight of zeros', 8, [0, 0, 0]],
    ['three hundred', 300, [1e20, 1e-20, 3]],
  ])('%s equal rows are all pairs, with a cosine of 1', async (_, count, row) => {
    const pairs = await pairsAbove(Array(count).fill(row), 1);
    expect(pairs).toHaveLength((count * (count - 1)) / 2);
    expect(pairs.every(({ cosine }) => cosine === 1)).toBe(true);
  });

  it('of two rows that nearly agree, nothing is taken off', async () => {
    const [pair] = await pairsAbove(
      [
        [1, 2, 3],
        [1, 2, 3.01],
      ],
      0.999,
    );
    expect(pair).toMatchObject({ first: 0, second: 1 });
  });

  it('an equal pair among others is the only one at 1', async () => {
    expect(await pairsAbove([...ten, ten[4] ?? []], 1)).toEqual([
      { first: 4, second: 10, cosine: 1 },
    ]);
  });

  it('a row at the mean is like no other', async () => {
    const mean = [0, 1, 2].map((d) => ten.reduce((sum, row) => sum + (row[d] ?? 0), 0) / 10);
    const pairs = await pairsAbove([...ten, mean, mean], -1);
    const ofMean = pairs.filter(({ second }) => second >= 10);
    expect(ofMean.filter(({ cosine }) => cosine !== 0)).toEqual([
      { first: 10, second: 11, cosine: 1 },
    ]);
  });
});

describe('nearest rows', () => {
  test('the only row, and more than there are', () => {
    const { unit, centre } = comparableRows(rowsOf([[3, 4]]));
    const query = comparableRows(rowsOf([[3, 4]]), centre).unit;
    expect(nearestRows(query, unit, { k: 99 })).toEqual([{ row: 0, cosine: 1 }]);
    const [other] = nearestRows(comparableRows(rowsOf([[4, 3]]), centre).unit, unit, { k: 1 });
    expect(other?.cosine).toBeCloseTo(24 / 25, 6);
  });
});
