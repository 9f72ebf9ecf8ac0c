import {
  add,
  dispose,
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

  it('gives results that the caller owns, in a tidy as out of it', () => {
    const [params, x] = [{ w: tensor1d([1, 2]), b: scalar(0.5) }, tensor1d([3, 4])];
    const before = memory().numTensors;
    const { loss: value, metrics, grads } = valueAndGrad(loss)(params, x);
    expect(memory().numTensors - before).toBe(4);
    dispose([value, metrics.size as Tensor, grads.w, grads.b]);
    tidy(() => {
      valueAndGrad(loss)(params, x);
    });
    expect(memory().numTensors).toBe(before);
    dispose([params.w, params.b, x]);
  });

  it('hands on a metric that is the loss or a parameter itself', () => {
    const params = { w: scalar(3) };
    const result = valueAndGrad(({ w }: typeof params) => {
      const value = square(w) as Scalar;
      return { loss: value, metrics: { same: value, w } };
    })(params);
    expectClose(result.metrics.same as Tensor, 9);
    expectClose(result.metrics.w as Tensor, 3);
    expectClose(result.grads.w, 6);
    dispose([result.loss, result.metrics.same as Tensor, result.metrics.w as Tensor]);
    expect(params.w.isDisposed).toBe(false);
    expectClose(params.w, 3);
    dispose([params.w, result.grads.w]);
  });

  it('has no metrics where the loss has none', () => {
    const w = scalar(2);
    const result = valueAndGrad((p: { w: Tensor }) => ({ loss: square(p.w) as Scalar }))({ w });
    expect(result.metrics).toEqual({});
    dispose([w, result.loss, result.grads.w]);
  });

  it('refuses a tensor that stands twice', () => {
    const w = scalar(1);
    expect(() => valueAndGrad(loss)({ w, b: w }, scalar(1))).toThrow(
      "valueAndGrad: the same tensor is at 'w' and 'b'; use tf.clone for one",
    );
  });

  it.each([
    ['no loss', () => ({}), 'valueAndGrad: what the loss function returns must have loss, got {}'],
    [
      'a loss of several numbers',
      () => ({ loss: tensor1d([1, 2]) }),
      /^valueAndGrad: loss must have shape \[\], got \[2\]/,
    ],
  ])('refuses a loss function that returns %s', (_, wrong, message) => {
    const w = scalar(1);
    expect(() => valueAndGrad(wrong as unknown as typeof loss)({ w, b: scalar(2) }, w)).toThrow(
      message,
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
