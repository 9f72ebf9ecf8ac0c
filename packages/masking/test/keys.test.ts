import { fold, key, permutation } from '@twocan/core';
import { sampleMask } from '@twocan/masking';
import { expect, it } from 'vitest';

// A seed gives the same masks in every version.
it('keys of masks are folded by image', () => {
  const { keep, kept } = sampleMask(key(1), { batch: 4, patches: 16, ratio: 0.75 });
  const rows = [0, 1, 2, 3].map((b) => [...keep.slice(kept * b, kept * (b + 1))]);
  expect(rows).toEqual(
    [0, 1, 2, 3].map((b) => [...permutation(fold(key(1), b), 16).slice(0, kept)]),
  );
  expect(new Set(rows.map(String)).size).toBe(4);
  // Whatever part of a batch they are in.
  const rest = sampleMask(key(1), { batch: 2, patches: 16, ratio: 0.75, first: 2 });
  expect([...rest.keep]).toEqual([...keep.slice(2 * kept)]);
});
