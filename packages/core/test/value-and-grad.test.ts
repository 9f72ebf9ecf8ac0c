import {
  add,
  clone,
  customGrad,
  dispose,
  matMul,
  memory,
  mul,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor,
  tanh,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { namedLeaves, type Params, valueAndGrad } from '@twocan/core';
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

describeBackends('valueAndGrad with a listener', () => {
  type Net = {
    readonly first: { readonly kernel: Tensor; readonly bias: Tensor };
    readonly shared: Tensor;
    readonly idle: Tensor;
    readonly last: { readonly kernel: Tensor; readonly bias: Tensor };
  };
  const net = (): Net => ({
    first: { kernel: tensor2d([1, -2, 0.5, 3], [2, 2]), bias: tensor1d([0.1, 0.2]) },
    shared: tensor1d([0.7, -1.3]),
    idle: tensor1d([1, 2]),
    last: { kernel: tensor2d([0.3, 1, -1, 2], [2, 2]), bias: tensor1d([-0.1, 0]) },
  });
  const x = [0.2, -0.4, 1, 0.3, 0.9, -1.1];
  const netLoss = ({ first, shared, last }: Net) => {
    const hidden = tanh(add(matMul(tensor2d(x, [3, 2]), first.kernel), first.bias));
    const scaled = mul(hidden, shared);
    const out = add(matMul(mul(add(scaled, hidden), shared), last.kernel), last.bias);
    return { loss: sum(square(out)) as Scalar };
  };

  /** What the listener heard, in its order, beside what came out at the end. */
  function heard<P extends Params>(loss: (params: P) => { loss: Scalar }, params: P) {
    const found: [string, number[]][] = [];
    const listener = (path: string, gradient: Tensor): void => {
      found.push([path, [...gradient.dataSync()]]);
    };
    const values = (grads: P) =>
      Object.fromEntries(
        namedLeaves<Tensor>(grads).map(([path, leaf]) => [path, [...leaf.dataSync()]]),
      );
    const { grads, unused, loss: value } = valueAndGrad(loss, listener)(params);
    const plain = valueAndGrad(loss)(params);
    expect(values(grads)).toEqual(values(plain.grads));
    expect(unused).toEqual(plain.unused);
    expect(value.dataSync()).toEqual(plain.loss.dataSync());
    expect(Object.fromEntries(found)).toEqual(values(plain.grads));
    expect(found.length).toBe(Object.keys(values(plain.grads)).length);
    return found.map(([path]) => path);
  }

  it('has it hear of each gradient once, as it is at the end, those that are read last first', () => {
    expect(heard(netLoss, net())).toEqual([
      'last/bias',
      'last/kernel',
      'shared',
      'first/bias',
      'first/kernel',
      'idle',
    ]);
  });

  it('has it hear of a gradient before the backward pass has come to the operations before', () => {
    const events: string[] = [];
    const noted = customGrad((y: unknown) => ({
      value: clone(y as Tensor),
      gradFunc: (dy: Tensor) => {
        events.push('between');
        return dy;
      },
    }));
    const params = { a: tensor1d([2]), b: tensor1d([3]) };
    valueAndGrad(
      ({ a, b }: typeof params) => ({ loss: sum(mul(noted(square(a)), b)) as Scalar }),
      (path) => events.push(path),
    )(params);
    expect(events).toEqual(['b', 'between', 'a']);
  });

  it('waits for the end where the loss reads a parameter itself, or is one', () => {
    const params = { a: tensor1d([2]), b: tensor1d([3]) };
    const past = ({ a, b }: typeof params) => ({
      loss: sum(mul(mul(a, params.b), square(b))) as Scalar,
    });
    expect(heard(past, params)).toEqual(['a', 'b']);
    expect(heard(({ w }: { w: Scalar }) => ({ loss: w }), { w: scalar(4) })).toEqual(['w']);
  });

  it('leaks nothing, also where the listener throws', () => {
    const params = net();
    expectNoLeak(() => {
      const { loss: value, grads } = valueAndGrad(netLoss, () => {})(params);
      return [value, ...namedLeaves<Tensor>(grads).map(([, leaf]) => leaf)];
    });
    const fails = valueAndGrad(netLoss, () => {
      throw new Error('no more');
    });
    expect(() => tidy(() => void fails(params))).toThrow('no more');
    expect(() => valueAndGrad(netLoss, 3 as never)).toThrow(
      /^valueAndGrad: listener must be a function, got 3/,
    );
  });
});
