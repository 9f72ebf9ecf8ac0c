import { grads, matMul, type Tensor, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { attention, key, normal } from '@twocan/core';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { batchProduct } from '../src/ops/gemm.ts';

type Sizes = { batch: number; tokens: number; width: number; heads: number };

const draw = (seed: number, ...shape: [number, number, number]): Tensor3D =>
  tensor3d(normal(key(seed), shape[0] * shape[1] * shape[2]), shape);

/** softmax(q·kᵀ/√S)·v head by head, in float64. */
function reference(qkv: ArrayLike<number>, { batch, tokens, width, heads }: Sizes): number[] {
  const size = width / heads;
  const out = new Array<number>(batch * tokens * width).fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const at = (part: number, token: number, s: number): number =>
        qkv[(b * tokens + token) * 3 * width + part * width + h * size + s] ?? 0;
      for (let i = 0; i < tokens; i++) {
        const weights = Array.from({ length: tokens }, (_, j) => {
          let score = 0;
          for (let s = 0; s < size; s++) score += at(0, i, s) * at(1, j, s);
          return Math.exp(score / Math.sqrt(size));
        });
        const total = weights.reduce((a, w) => a + w, 0);
        for (let s = 0; s < size; s++) {
          const value = weights.reduce((a, w, j) => a + (w / total) * at(2, j, s), 0);
          out[(b * tokens + i) * width + h * size + s] = value;
        }
      }
    }
  }
  return out;
}

describeBackends('attention', () => {
  it('is softmax(q·kᵀ/√(D/H))·v of each head, for few and many tokens', () => {
    for (const sizes of [
      { batch: 2, tokens: 5, width: 6, heads: 2 },
      { batch: 2, tokens: 1, width: 4, heads: 4 },
      // Large enough for the products to be computed one by one on stock wasm.
      { batch: 2, tokens: 41, width: 96, heads: 3 },
    ]) {
      const qkv = draw(1, sizes.batch, sizes.tokens, 3 * sizes.width);
      const y = attention(qkv, sizes.heads);
      expect(y.shape).toEqual([sizes.batch, sizes.tokens, sizes.width]);
      expectClose(y, reference(qkv.dataSync(), sizes), { rtol: 1e-4, atol: 2e-6 });
    }
  });

  it('has the gradient of central differences', () => {
    checkGradient((x) => attention(x as Tensor3D, 2), [draw(2, 2, 4, 12)]);
  });

  it('names what does not fit', () => {
    expect(() => attention(draw(3, 1, 2, 12), 3)).toThrow('got 12 for 3 heads');
    expect(() => attention(draw(3, 1, 2, 12), 0)).toThrow('a multiple of 3·heads');
  });

  it('leaks nothing', () => {
    for (const qkv of [draw(4, 2, 3, 12), draw(4, 1, 41, 192)]) {
      expectNoLeak(() => attention(qkv, 2));
      expectNoLeak(() => grads((x: Tensor) => attention(x as Tensor3D, 2))([qkv]));
    }
  });
});

describeBackends('batchProduct', () => {
  it('is matMul, small and large, either side transposed', () => {
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
