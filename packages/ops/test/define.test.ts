import {
  dispose,
  grad,
  grads,
  type KernelConfig,
  max,
  memory,
  min,
  mul,
  ones,
  registerKernel,
  type Scalar,
  sum,
  type Tensor,
  type TensorInfo,
  tensor1d,
  unregisterKernel,
  valueAndGrad,
} from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { defineOp } from '@twocan/ops';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

type One = { readonly x: Tensor };
type Two = One & { readonly c: Tensor };

const scaled = defineOp({
  name: 'testScaled',
  inputs: ['x'],
  forward: ({ x, c }: Two, { factor }: { readonly factor: number }) => {
    const slope = mul(c, factor);
    return { y: mul(x, slope), slope };
  },
  backward: ({ dy, slope }) => ({ x: mul(dy, slope) }),
});

describeBackends('defineOp', () => {
  const c = (): Tensor => tensor1d([2, -1, 0.5]);

  it('runs the plain definition and its gradient', () => {
    const x = tensor1d([1, 2, 3]);
    expectClose(scaled({ x, c: c() }, { factor: 10 }), [20, -20, 15]);
    checkGradient((t) => scaled({ x: t as Tensor, c: c() }, { factor: 10 }), [x]);
  });

  it('leaks nothing, with and without a gradient', () => {
    const [x, constant] = [tensor1d([1, 2, 3]), c()];
    expectNoLeak(() => scaled({ x, c: constant }, { factor: 3 }));
    expectNoLeak(() => {
      const f = (t: Tensor): Scalar => sum(scaled({ x: t, c: constant }, { factor: 3 }));
      const { value, grad } = valueAndGrad(f)(x);
      return [value, grad];
    });
  });
});

describeBackends('defineOp in a chain', () => {
  const held: number[] = [];
  const squared = defineOp({
    name: 'testSquared',
    inputs: ['x'],
    forward: ({ x }: One) => ({ y: mul(x, x), kept: mul(x, 2) }),
    backward: ({ dy, x }) => {
      held.push(memory().numBytes);
      return { x: mul(dy, mul(x, 2)) };
    },
  });
  const square = (x: Tensor): Tensor => squared({ x }, {});
  const chain = (x: Tensor): Tensor => square(square(square(x)));

  it('frees what was saved as the backward pass goes', () => {
    held.length = 0;
    const x = ones([256]);
    const { value, grad: slope } = valueAndGrad((t: Tensor) => sum(chain(t)) as Scalar)(x);
    expectClose(slope, new Float32Array(256).fill(8));
    expect(held).toHaveLength(3);
    // An operation frees an input and a residual, and leaves a gradient.
    expect((held[1] ?? 0) - (held[0] ?? 0)).toBeLessThan(0);
    expect((held[2] ?? 0) - (held[1] ?? 0)).toBeLessThan(0);
    dispose([x, value, slope]);
  });

  it('keeps a saved tensor that is the gradient itself until it has been used', () => {
    // The gradient of x·c is c, which was saved.
    const times = defineOp({
      name: 'testTimes',
      inputs: ['x'],
      forward: ({ x, c }: Two) => ({ y: mul(x, c), slope: mul(c, 1) }),
      backward: ({ slope }) => ({ x: slope }),
    });
    const [x, c] = [tensor1d([1, 2]), tensor1d([3, 4])];
    // It goes on through the square below: d/dx of x²·c is 2x·c.
    const f = (t: Tensor): Scalar => sum(times({ x: mul(t, t), c }, {}));
    const { value, grad: slope } = valueAndGrad(f)(x);
    expectClose(value, 19);
    expectClose(slope, [6, 16]);
    expectClose(c, [3, 4]);
    dispose([x, c, value, slope]);
  });

  it('has a gradient of its gradient', () => {
    // (x⁴)'' = 12x²
    const slope = (x: Tensor): Tensor => grad((t: Tensor) => sum(square(square(t))))(x);
    expectClose(grad((x: Tensor) => sum(slope(x)))(tensor1d([1, 2, -3])), [12, 48, 108]);
  });
});

describeBackends('defineOp by name', () => {
  it('hands each gradient to its input, in whatever order it is written', () => {
    const product = defineOp({
      name: 'testProduct',
      inputs: ['a', 'b'],
      forward: ({ a, b }: { readonly a: Tensor; readonly b: Tensor }) => ({ y: mul(a, b) }),
      backward: ({ dy, a, b }) => ({ b: mul(dy, a), a: mul(dy, b) }),
    });
    const [b, a] = [tensor1d([5, 6]), tensor1d([2, 3])];
    const [da, db] = grads((p: Tensor, q: Tensor) => sum(product({ b: q, a: p }, {})))([a, b]);
    expectClose(da as Tensor, [5, 6]);
    expectClose(db as Tensor, [2, 3]);
  });

  it('gives back only what is saved', () => {
    const seen: string[][] = [];
    const op = defineOp({
      name: 'testSaves',
      inputs: ['a'],
      saves: ['c'],
      forward: ({ a, c }: { readonly a: Tensor; readonly c: Tensor }) => ({ y: mul(a, c) }),
      backward: (given) => {
        seen.push(Object.keys(given).sort());
        return { a: mul(given.dy, given.c) };
      },
    });
    const c = tensor1d([3, 4]);
    expectClose(grad((a: Tensor) => sum(op({ a, c }, {})))(tensor1d([1, 1])), [3, 4]);
    expect(seen).toEqual([['c', 'dy']]);
  });

  it('gives several results of what has no gradient, and leaks nothing', () => {
    const minmax = defineOp({
      name: 'testMinmax',
      outputs: ['least', 'most'],
      forward: ({ x }: One, { factor }: { readonly factor: number }) => ({
        least: mul(min(x), factor),
        most: mul(max(x), factor),
      }),
    });
    const x = tensor1d([3, -1, 2]);
    const { least, most } = minmax({ x }, { factor: 10 });
    expectClose(least, -10);
    expectClose(most, 30);
    expectNoLeak(() => minmax({ x }, { factor: 10 }));
    dispose([x, least, most]);
  });

  it('refuses a definition that lacks a part, by name', () => {
    const forward = ({ x }: One) => ({ y: x });
    expect(() => defineOp({ name: 'a', forward } as never)).toThrow(/defineOp: .*inputs/);
    expect(() => defineOp({ name: 'a', inputs: ['x'], forward } as never)).toThrow(
      /defineOp: .*backward/,
    );
    expect(() => defineOp({ name: 'a', outputs: [3], forward } as never)).toThrow(
      'defineOp: outputs must be a string, got 3',
    );
  });

  it('names the operation and the tensor that is missing or none', () => {
    expect(() => scaled({ c: c1() } as never, { factor: 1 })).toThrow(
      'testScaled: x must be a tensor',
    );
    expect(() => scaled({ x: c1(), c: 3 } as never, { factor: 1 })).toThrow(
      'testScaled: c must be a tensor',
    );
  });

  const c1 = (): Tensor => tensor1d([1]);
});

describe('defineOp with kernels of a backend', () => {
  beforeAll(() => chooseBackend('cpu'));

  it('takes one tensor from a kernel that has nothing to save', () => {
    const kernel = (kernelName: string, values: readonly number[]): KernelConfig => ({
      kernelName,
      backendName: 'cpu',
      kernelFunc: ({ backend }) => {
        type Maker = {
          makeTensorInfo(shape: number[], dtype: string, v: Float32Array): TensorInfo;
        };
        const maker = backend as unknown as Maker;
        return maker.makeTensorInfo([values.length], 'float32', Float32Array.from(values));
      },
    });
    const plain = defineOp({
      name: 'testOne',
      inputs: ['x'],
      forward: ({ x }: One) => ({ y: mul(x, 2) }),
      backward: ({ dy }) => ({ x: mul(dy, 2) }),
    });
    registerKernel(kernel('twocan.testOne', [7, 8]));
    registerKernel(kernel('twocan.testOne.gradient', [5, 6]));
    try {
      const f = (x: Tensor): Scalar => sum(plain({ x }, {}));
      const { value, grad } = valueAndGrad(f)(tensor1d([1, 1]));
      expectClose(value, 15);
      expectClose(grad, [5, 6]);
    } finally {
      unregisterKernel('twocan.testOne', 'cpu');
      unregisterKernel('twocan.testOne.gradient', 'cpu');
    }
  });

  it('takes the results of a kernel in the order of the outputs', () => {
    registerKernel({
      kernelName: 'twocan.testPair',
      backendName: 'cpu',
      kernelFunc: () => [tensor1d([1]), tensor1d([2, 3])],
    });
    try {
      const pair = defineOp({
        name: 'testPair',
        outputs: ['one', 'two'],
        forward: ({ x }: One) => ({ two: x, one: x }),
      });
      const { one, two } = pair({ x: tensor1d([9]) }, {});
      expectClose(one, [1]);
      expectClose(two, [2, 3]);
    } finally {
      unregisterKernel('twocan.testPair', 'cpu');
    }
  });

  it('hands tensors by name, residuals and attributes to both kernels', () => {
    const seen: string[] = [];
    const kernel = (kernelName: string, outputs: readonly number[][]): KernelConfig => ({
      kernelName,
      backendName: 'cpu',
      kernelFunc: ({ inputs, backend, attrs }) => {
        seen.push(`${kernelName} ${Object.keys(inputs)} ${JSON.stringify(attrs)}`);
        return outputs.map((values) => {
          const cpu = backend as unknown as {
            makeTensorInfo: (shape: number[], dtype: string, values: Float32Array) => Tensor;
          };
          return cpu.makeTensorInfo([values.length], 'float32', Float32Array.from(values));
        });
      },
    });
    registerKernel(kernel('twocan.testScaled', [[7, 8], [9]]));
    expectClose(scaled({ x: tensor1d([1, 1]), c: tensor1d([1, 2]) }, { factor: 2 }), [2, 4]);
    registerKernel(kernel('twocan.testScaled.gradient', [[5, 6]]));
    try {
      const f = (x: Tensor): Tensor => scaled({ x, c: tensor1d([0, 0]) }, { factor: 2 });
      const { value, grad } = valueAndGrad((x: Tensor) => f(x) as never)(
        tensor1d([1, 1]),
        tensor1d([1, 1]) as never,
      );
      expectClose(value, [7, 8]);
      expectClose(grad, [5, 6]);
      expect(seen).toEqual([
        'twocan.testScaled x,c {"factor":2}',
        'twocan.testScaled.gradient dy,x,c,residual0 {"factor":2}',
      ]);
    } finally {
      unregisterKernel('twocan.testScaled', 'cpu');
      unregisterKernel('twocan.testScaled.gradient', 'cpu');
    }
  });
});
