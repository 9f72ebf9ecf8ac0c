import {
  dispose,
  grad,
  type KernelConfig,
  memory,
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

const scaled = defineOp<{ factor: number }>({
  name: 'testScaled',
  inputs: ['x'],
  constants: ['c'],
  forward: ([x], [c], { factor }) => {
    const slope = mul(c as Tensor, factor);
    return [mul(x as Tensor, slope), slope];
  },
  backward: (dy, _inputs, _constants, [slope]) => [mul(dy, slope as Tensor)],
});

describeBackends('defineOp', () => {
  const c = (): Tensor => tensor1d([2, -1, 0.5]);

  it('runs the plain definition and its gradient', () => {
    const x = tensor1d([1, 2, 3]);
    expectClose(scaled([x], [c()], { factor: 10 }), [20, -20, 15]);
    checkGradient((t) => scaled([t as Tensor], [c()], { factor: 10 }), [x]);
  });

  it('leaks nothing, with and without a gradient', () => {
    const [x, constant] = [tensor1d([1, 2, 3]), c()];
    expectNoLeak(() => scaled([x], [constant], { factor: 3 }));
    expectNoLeak(() => {
      const f = (t: Tensor): Scalar => sum(scaled([t], [constant], { factor: 3 }));
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
    forward: ([x]) => [mul(x as Tensor, x as Tensor), mul(x as Tensor, 2)],
    backward: (dy, [x]) => {
      held.push(memory().numBytes);
      return [mul(dy, mul(x as Tensor, 2))];
    },
  });
  const chain = (x: Tensor): Tensor => squared([squared([squared([x], [], {})], [], {})], [], {});

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
      constants: ['c'],
      forward: ([x], [c]) => [mul(x as Tensor, c as Tensor), mul(c as Tensor, 1)],
      backward: (_dy, _inputs, _constants, [slope]) => [slope as Tensor],
    });
    const [x, c] = [tensor1d([1, 2]), tensor1d([3, 4])];
    // It goes on through the square below: d/dx of x²·c is 2x·c.
    const f = (t: Tensor): Scalar => sum(times([mul(t, t)], [c], {}));
    const { value, grad: slope } = valueAndGrad(f)(x);
    expectClose(value, 19);
    expectClose(slope, [6, 16]);
    expectClose(c, [3, 4]);
    dispose([x, c, value, slope]);
  });

  it('has a gradient of its gradient', () => {
    // (x⁴)'' = 12x²
    const slope = (x: Tensor): Tensor =>
      grad((t: Tensor) => sum(squared([squared([t], [], {})], [], {})))(x);
    expectClose(grad((x: Tensor) => sum(slope(x)))(tensor1d([1, 2, -3])), [12, 48, 108]);
  });
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
      forward: ([x]) => [mul(x as Tensor, 2)],
      backward: (dy) => [mul(dy, 2)],
    });
    registerKernel(kernel('twocan.testOne', [7, 8]));
    registerKernel(kernel('twocan.testOne.gradient', [5, 6]));
    try {
      const f = (x: Tensor): Scalar => sum(plain([x], [], {}));
      const { value, grad } = valueAndGrad(f)(tensor1d([1, 1]));
      expectClose(value, 15);
      expectClose(grad, [5, 6]);
    } finally {
      unregisterKernel('twocan.testOne', 'cpu');
      unregisterKernel('twocan.testOne.gradient', 'cpu');
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
    expectClose(scaled([tensor1d([1, 1])], [tensor1d([1, 2])], { factor: 2 }), [2, 4]);
    registerKernel(kernel('twocan.testScaled.gradient', [[5, 6]]));
    try {
      const f = (x: Tensor): Tensor => scaled([x], [tensor1d([0, 0])], { factor: 2 });
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
