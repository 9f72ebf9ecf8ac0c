import {
  abs,
  add,
  max,
  mul,
  rsqrt,
  square,
  step,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { expectEpsilon, expectRank } from '@twocan/core';
import { defineOp } from './define.ts';

// Between these a row's largest magnitude can be squared and summed; outside, the row is multiplied by a
// power of two first, which loses nothing. From 2⁻⁸ upwards the usual ε is lost in rounding anyway.
const [TINY, SMALL, BIG] = [2 ** -60, 2 ** -8, 2 ** 40];

/** What to multiply each row with, for its largest magnitude, and 1 where that is 1: there ε counts. */
function factors(largest: Tensor): { factor: Tensor; ordinary: Tensor } {
  const above = (bound: number): Tensor => step(sub(largest, bound));
  const [positive, tiny, small, big] = [step(largest), above(TINY), above(SMALL), above(BIG)];
  const ordinary = sub(1, add(sub(positive, small), big));
  const scaled = [
    mul(sub(positive, tiny), 2 ** 100),
    mul(sub(tiny, small), 2 ** 30),
    mul(big, 2 ** -90),
  ];
  return { factor: scaled.reduce((sum, part) => add(sum, part), ordinary), ordinary };
}

const op = defineOp({
  name: 'normalizeRows',
  inputs: ['x'],
  forward: ({ x }: { readonly x: Tensor2D }, { epsilon }: { readonly epsilon: number }) => {
    const { factor, ordinary } = factors(max(abs(x), 1, true));
    const scaled = mul(x, factor);
    const inverse = rsqrt(add(sum(square(scaled), 1, true), mul(ordinary, epsilon)));
    const y = mul(scaled, inverse) as Tensor2D;
    return { y, unit: y, inverse, factor };
  },
  backward: ({ dy, unit, inverse, factor }) => {
    const along = mul(unit, sum(mul(dy, unit), 1, true));
    return { x: mul(mul(sub(dy, along), inverse), factor) };
  },
});

/**
 * Scales each row to length 1: x/√(Σx² + ε), with a finite gradient at zero.
 *
 * No finite row is too large or too small. One whose largest magnitude is below 2⁻⁸ or above 2⁴⁰ is brought
 * near 1 first and gets length 1 without ε; of zeros it stays zeros.
 *
 * @param x `[B, Z]`
 * @param epsilon inside the root
 * @returns `[B, Z]`
 * @throws RangeError if `x` is not of rank 2
 * @example
 * normalizeRows(tensor2d([[3, 4]])); // [[0.6, 0.8]]
 */
export function normalizeRows(x: Tensor2D, epsilon = 1e-12): Tensor2D {
  expectRank('normalizeRows', 'x', x, 2);
  expectEpsilon('normalizeRows', epsilon);
  return op({ x }, { epsilon });
}
