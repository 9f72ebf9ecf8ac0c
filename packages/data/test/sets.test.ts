import { key } from '@twocan/core';
import { drawnSets, holdOut, shapes } from '@twocan/data';
import { describe, expect, it } from 'vitest';

describe('sets for an evaluation', () => {
  it('of drawings hold others out, 500 at most, the same at every call', async () => {
    const { train, test, source } = drawnSets({ count: 12, size: 8 });
    expect([train.length, test.length, source]).toEqual([12, 12, 'shapes:12']);
    expect(drawnSets({ count: 600, size: 8 }).test.length).toBe(500);
    const again = drawnSets({ count: 12, size: 8 });
    for (let i = 0; i < 12; i++) {
      const [one, other] = await Promise.all([train.image(i), test.image(i)]);
      expect(await again.train.image(i)).toEqual(one);
      expect(one.data).not.toEqual(other.data);
    }
  });

  it('of labelled pictures hold every fifth of a class out', () => {
    // Picture i has class i mod 10: of 52, classes 0 and 1 have six, the others five.
    const sides = holdOut(shapes({ key: key(0), count: 52, size: 8 }));
    expect([sides?.train.length, sides?.test.length]).toEqual([42, 10]);
    expect([...(sides?.test.labels ?? [])].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const names = Array.from({ length: 10 }, (_, i) => sides?.test.name(i));
    expect(names).toEqual(
      Array.from({ length: 10 }, (_, i) => expect.stringMatching(`-${40 + i}$`)),
    );
    expect(holdOut(shapes({ key: key(0), count: 40, size: 8 }))).toBeUndefined();
  });
});
