import {
  add,
  exp,
  memory,
  mul,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { stopGradient, valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

describeBackends('stopGradient', () => {
  it('is the identity, and a constant in the gradient', () => {
    tidy(() => {
      const params = { w: tensor1d([1, -2, 3]) };
      // Σ w·c + w² with c = w: the slope is c + 2w, not 4w.
      const { loss, grads, unused } = valueAndGrad(({ w }: typeof params) => ({
        loss: sum(add(mul(w, stopGradient(w)), square(w))) as Scalar,
      }))(params);
      expectClose(loss, 2 * (1 + 4 + 9));
      expectClose(grads.w, [3, -6, 9]);
      expect(unused).toEqual([]);
    });
  });

  it.each([
    ['a tensor', (x: () => Tensor) => stopGradient(x())],
    ['a function', (x: () => Tensor) => stopGradient(x)],
  ])('cuts what only %s depends on', (_, stop) => {
    tidy(() => {
      const params = { w: scalar(3), target: scalar(2) };
      const { loss, grads, unused } = valueAndGrad((p: typeof params) => ({
        loss: mul(
          p.w,
          stop(() => exp(p.target)),
        ) as Scalar,
      }))(params);
      expectClose(loss, 3 * Math.exp(2));
      expectClose(grads.w, Math.exp(2));
      expectClose(grads.target, 0);
      expect(unused).toEqual(['target']);
    });
  });

  it('keeps nothing of a function for the backward pass', () => {
    const params = { w: scalar(2) };
    const kept: number[] = [];
    const squareFourTimes = (x: Tensor): Tensor => square(square(square(square(x))));
    const lossOf = (use: (x: Tensor) => Tensor) => (p: typeof params) => {
      const before = memory().numTensors;
      const value = use(p.w);
      kept.push(memory().numTensors - before);
      return { loss: mul(p.w, value) as Scalar };
    };
    tidy(() => {
      valueAndGrad(lossOf(squareFourTimes))(params);
      valueAndGrad(lossOf((x) => stopGradient(() => squareFourTimes(x))))(params);
    });
    const [recorded = 0, stopped] = kept;
    expect(recorded).toBeGreaterThanOrEqual(4);
    expect(stopped).toBe(1);
    params.w.dispose();
  });

  it('leaks nothing and leaves its input alone', () => {
    tidy(() => {
      const x = tensor1d([1, 2]);
      expectNoLeak(() => stopGradient(x));
      expectNoLeak(() => stopGradient(() => exp(mul(x, 2))));
      expectClose(x, [1, 2]);
    });
  });

  it('names what is no tensor', () => {
    expect(() => stopGradient(3 as never)).toThrow(/^stopGradient: x must be a tensor, got 3/);
    expect(() => stopGradient((() => null) as never)).toThrow(
      /^stopGradient: x must be a tensor, got null/,
    );
  });
});
