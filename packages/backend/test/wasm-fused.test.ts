import { getKernel, matMul, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { key, normal } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { describe, expect, it, vi } from 'vitest';
import { wasmKernels } from '../src/wasm-fused/index.ts';
import { batchProduct } from '../src/wasm-fused/products.ts';

const draw = (seed: number, ...shape: [number, number, number]): Tensor3D =>
  tensor3d(normal(key(seed), shape[0] * shape[1] * shape[2]), shape);

describeBackends('batchProduct', () => {
  it('is matMul of rank 3, small and large, either side transposed', () => {
    for (const [m, k, n] of [
      [2, 3, 4],
      [40, 32, 48],
    ] as const) {
      for (const left of [false, true]) {
        for (const right of [false, true]) {
          const a = left ? draw(1, 3, k, m) : draw(1, 3, m, k);
          const b = right ? draw(2, 3, n, k) : draw(2, 3, k, n);
          const want = matMul(a, b, left, right);
          const got = batchProduct(a, b, left, right);
          expect(got.shape).toEqual([3, m, n]);
          expectClose(got, want, { atol: 1e-5 });
          expectNoLeak(() => batchProduct(a, b, left, right));
        }
      }
    }
  });
});

describe('stock wasm', () => {
  it('has kernels of the operations that it computes slowly by their definitions', async () => {
    await chooseBackend('wasm');
    for (const name of Object.keys(wasmKernels)) {
      expect(getKernel(name, 'wasm'), name).toBeDefined();
    }
    // A second choice registers nothing anew, of which tfjs would warn.
    const warn = vi.spyOn(console, 'warn');
    await chooseBackend('wasm');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
