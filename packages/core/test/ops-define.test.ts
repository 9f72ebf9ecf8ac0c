import {
  type KernelConfig,
  mul,
  registerKernel,
  type Scalar,
  sum,
  type Tensor,
  tensor1d,
  unregisterKernel,
  valueAndGrad,
} from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { defineOp } from '@twocan/core';
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

describe('defineOp with kernels of a backend', () => {
  beforeAll(() => chooseBackend('cpu'));

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
