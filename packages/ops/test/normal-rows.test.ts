import { fold, key, normal } from '@twocan/core';
import { normalRows } from '@twocan/ops';
import { describeBackends, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const KEYS = Array.from({ length: 5 }, (_, b) => fold(key(2 ** 40 + 9), b));
const LEVELS = Float32Array.of(1, 0.05, 0, 3e-20, 7);

describeBackends('normalRows', () => {
  // Lengths that neither 2 nor 8 divides; enough numbers for both ends of the curve.
  it.each([1, 2, 7, 8, 13, 20_001])('draws the bits of normal, %i a row', async (size) => {
    const rows = normalRows(KEYS, LEVELS, size);
    expect(rows.shape).toEqual([5, size]);
    const expected = KEYS.flatMap((k, b) =>
      Array.from(normal(k, size), (z) => Math.fround((LEVELS[b] ?? 0) * z)),
    );
    const got = Float32Array.from(await rows.data());
    expect(new Uint32Array(got.buffer)).toEqual(
      new Uint32Array(Float32Array.from(expected).buffer),
    );
    rows.dispose();
  });

  it('names the argument that does not fit', () => {
    expect(() => normalRows(KEYS, Float32Array.of(1), 4)).toThrow(
      'normalRows: levels must hold one σ for each of 5 keys, got 1',
    );
  });

  it('leaks nothing', () => {
    expectNoLeak(() => normalRows(KEYS, LEVELS, 9));
  });
});
