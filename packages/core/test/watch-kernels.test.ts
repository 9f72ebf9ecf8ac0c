import { add, engine, exp, log, sub, sum, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { describeBackends, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { watchKernels } from '../src/index.ts';

describeBackends('watchKernels', () => {
  it('names the first kernel whose output is not finite, with what it was given', () => {
    const { result, first } = watchKernels(() => {
      const finite = add(tensor1d([1, 2]), 1);
      return sum(add(log(sub(finite, [2, 5])), exp(tensor1d([1000, 1]))));
    });
    expect(first).toEqual({
      kernel: 'Log',
      call: expect.any(Number),
      output: { shape: [2], largest: 0, notFinite: 2 },
      inputs: [{ shape: [2], largest: 2, notFinite: 0 }],
    });
    expect(first?.call).toBeGreaterThan(2);
    result.dispose();
  });

  it('finds nothing where all is finite, and leaves the engine as it was', () => {
    const { runKernel } = engine();
    const { result, first } = watchKernels(() => sum(exp(tensor1d([1, 2]))));
    expect(first).toBeUndefined();
    expect(result.dataSync()[0]).toBeCloseTo(Math.E + Math.E ** 2, 4);
    result.dispose();
    expect(() =>
      watchKernels(() => {
        throw new Error('by the work');
      }),
    ).toThrow('by the work');
    expect(engine().runKernel).toBe(runKernel);
  });

  it('leaks nothing', () => {
    expectNoLeak(() => tidy(() => watchKernels(() => log(tensor1d([0, 1]))).result));
  });
});
