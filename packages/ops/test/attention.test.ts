import { grads, type Tensor, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { attention, attentionWeights } from '@twocan/ops';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

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
    expect(() => attention(draw(3, 1, 2, 12), 0)).toThrow(
      'heads must be a positive integer, got 0',
    );
  });

  it('leaks nothing', () => {
    for (const qkv of [draw(4, 2, 3, 12), draw(4, 1, 41, 192)]) {
      expectNoLeak(() => attention(qkv, 2));
      expectNoLeak(() => grads((x: Tensor) => attention(x as Tensor3D, 2))([qkv]));
    }
  });
});

describeBackends('attentionWeights', () => {
  it('is what the values of each head are weighed by', () => {
    const sizes = { batch: 2, tokens: 5, width: 6, heads: 2 };
    const qkv = draw(4, 2, 5, 18);
    const weights = attentionWeights(qkv, 2);
    expect(weights.shape).toEqual([2, 2, 5, 5]);
    const [w, x] = [weights.dataSync(), qkv.dataSync()];
    // Token i of head h, from the weights and the values alone.
    const weighed = Array.from({ length: 2 * 5 * 6 }, (_, at) => {
      const [b, i, column] = [Math.floor(at / 30), Math.floor(at / 6) % 5, at % 6];
      const row = ((b * 2 + Math.floor(column / 3)) * 5 + i) * 5;
      const value = (j: number): number => x[(b * 5 + j) * 18 + 12 + column] ?? 0;
      return [0, 1, 2, 3, 4].reduce((sum, j) => sum + (w[row + j] ?? 0) * value(j), 0);
    });
    expectClose(weighed, reference(x, sizes), { rtol: 1e-4, atol: 2e-6 });
    expectNoLeak(() => attentionWeights(qkv, 2));
    expect(() => attentionWeights(qkv, 4)).toThrow('attentionWeights: the width of qkv must be');
  });
});
