import {
  add,
  dispose,
  grad,
  grads,
  memory,
  mul,
  square,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { residualSum } from '@twocan/ops';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

describeBackends('residualSum', () => {
  it('adds, and hands its gradient to both', () => {
    const [x, branch] = [tensor1d([1, -2]), tensor1d([0.5, 4])];
    expectClose(residualSum(x, branch), [1.5, 2]);
    // d/dx (x + b)² = 2 (x + b)
    const both = grads((a, b) => sum(square(residualSum(a as Tensor, b as Tensor))))([x, branch]);
    for (const d of both) expectClose(d, [3, 4]);
    dispose([x, branch, ...both]);
  });

  it('holds less than add until the gradient is taken', () => {
    const held = (plus: (a: Tensor, b: Tensor) => Tensor): number => {
      let grown = 0;
      const x = tensor1d([1, 2]);
      const dx = grad((given: Tensor) => {
        const before = memory().numDataBuffers;
        const y = tidy(() => plus(given, mul(given, 3)));
        grown = memory().numDataBuffers - before;
        return sum(y);
      })(x);
      expectClose(dx, [4, 4]);
      dispose([x, dx]);
      return grown;
    };
    expect(held(residualSum)).toBeLessThan(held((a, b) => add(a, b)));
  });

  it('refuses other shapes, and leaks nothing', () => {
    const [x, row] = [tensor2d([[1, 2]]), tensor1d([1, 2])];
    expect(() => residualSum(x, row as Tensor as typeof x)).toThrow(
      /residualSum: branch must have shape \[1, 2\], got \[2\]/,
    );
    expectNoLeak(() => residualSum(x, x));
    dispose([x, row]);
  });
});
