import { expectInteger, expectType } from '@twocan/core';

/** Tensors by name, as plain numbers. */
export type Leaves = readonly (readonly [path: string, values: Float32Array])[];

const largest = (values: Float32Array): number =>
  values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/**
 * The worst difference of two lists of tensors and where it is: a share of the largest number of its
 * tensor, or of a hundredth of all where the tensor has less, since some gradients are 0 by a symmetry.
 *
 * @param actual what was computed
 * @param expected the same paths in the same order
 * @returns the share, NaN if anything in `actual` is
 * @example
 * worstShare([['w', Float32Array.of(1, 2)]], [['w', Float32Array.of(1, 2.5)]]); // ['w', 0.2]
 */
export function worstShare(
  actual: Leaves,
  expected: Leaves,
): readonly [path: string, share: number] {
  for (const [argument, leaves] of Object.entries({ actual, expected })) {
    expectType('worstShare', argument, leaves, Array);
    leaves.forEach((leaf, i) => {
      expectType('worstShare', `${argument}[${i}]`, leaf, Array);
      expectType('worstShare', `${argument}[${i}][1]`, leaf[1], Float32Array);
    });
  }
  expectInteger('worstShare', 'the number of expected leaves', expected.length);
  expectInteger('worstShare', 'the number of actual leaves', actual.length, expected.length);
  const least = 0.01 * Math.max(...expected.map(([, values]) => largest(values)));
  const shares = expected.map(([path, values], i) => {
    const got = actual[i]?.[1] ?? new Float32Array();
    const difference = largest(values.map((x, at) => x - (got[at] ?? Number.NaN)));
    return [path, difference / Math.max(largest(values), least)] as const;
  });
  // NaN is the worst of all, and stays.
  return shares.reduce((a, b) => (Number.isNaN(a[1]) || b[1] <= a[1] ? a : b));
}
