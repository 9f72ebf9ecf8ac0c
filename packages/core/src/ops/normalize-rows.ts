import {
  add,
  mul,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { expectRank } from '../shape.ts';
import { defineOp } from './define.ts';

const op = defineOp<{ epsilon: number }>({
  name: 'normalizeRows',
  inputs: ['x'],
  forward: ([x], _, { epsilon }) => {
    const inverseNorm = rsqrt(add(sum(square(x as Tensor), 1, true), epsilon));
    const y = mul(x as Tensor, inverseNorm);
    return [y, y, inverseNorm];
  },
  backward: (dy, _inputs, _constants, [y, inverseNorm]) => {
    const along = mul(y as Tensor, sum(mul(dy, y as Tensor), 1, true));
    return [mul(sub(dy, along), inverseNorm as Tensor)];
  },
});

/**
 * Scales each row to length 1: x/√(Σx² + ε), with a finite gradient at zero.
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
  return op([x], [], { epsilon }) as Tensor2D;
}
