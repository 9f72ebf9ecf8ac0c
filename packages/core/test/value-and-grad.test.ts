import {
  add,
  dispose,
  mul,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

type Line = { readonly w: Tensor; readonly b: Tensor };
const loss = ({ w, b }: Line, x: Tensor) => ({
  loss: sum(square(add(mul(w, x), b))) as Scalar,
  metrics: { size: sum(square(w)) as Scalar },
});

describeBackends('valueAndGrad', () => {
  it('gives loss, metrics and the gradient tree of a closed form', () => {
    const params = { w: tensor1d([1, 2]), b: scalar(0.5) };
    const result = valueAndGrad(loss)(params, tensor1d([3, 4]));
    expectClose(result.loss, 3.5 ** 2 + 8.5 ** 2);
    expectClose(result.metrics.size as Tensor, 5);
    expectClose(result.grads.w, [2 * 3.5 * 3, 2 * 8.5 * 4]);
    expectClose(result.grads.b, 2 * (3.5 + 8.5));
    expect(result.unused).toEqual([]);
  });

  it('gives zeros for parameters that the loss does not use, and names them', () => {
    const params = { used: scalar(2), other: { idle: tensor1d([1, 2]) } };
    const { grads, unused } = valueAndGrad((p: typeof params) => ({
      loss: square(p.used) as Scalar,
    }))(params);
    expectClose(grads.other.idle, [0, 0]);
    expect(unused).toEqual(['other/idle']);
  });

  it('refuses a tensor that stands twice', () => {
    const w = scalar(1);
    expect(() => valueAndGrad(loss)({ w, b: w }, scalar(1))).toThrow(
      "the same tensor stands at 'w' and 'b'",
    );
  });

  it('leaks nothing', () => {
    const [params, x] = [{ w: tensor1d([1, 2]), b: scalar(0.5) }, tensor1d([3, 4])];
    expectNoLeak(() => {
      const { loss: value, metrics, grads } = valueAndGrad(loss)(params, x);
      return [value, metrics, grads] as never;
    });
    dispose(params);
  });
});
