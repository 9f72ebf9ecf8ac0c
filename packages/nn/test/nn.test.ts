import {
  add,
  div,
  exp,
  matMul,
  mul,
  ones,
  reshape,
  type Scalar,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tensor3d,
} from '@tensorflow/tfjs-core';
import { disposeTree, key, mapTree, namedLeaves, normal, valueAndGrad } from '@twocan/core';
import {
  batchNorm,
  dense,
  initAttention,
  initBlock,
  initDense,
  initMlp,
  initNorm,
  layerNorm,
  mlp,
  multiHeadAttention,
  transformerBlock,
} from '@twocan/nn';
import { gelu } from '@twocan/ops';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const draw = (seed: number, shape: [number, number, number]): Tensor3D =>
  tensor3d(normal(key(seed), shape[0] * shape[1] * shape[2]), shape);

const shapes = (params: Parameters<typeof namedLeaves<Tensor>>[0]): Record<string, number[]> =>
  Object.fromEntries(namedLeaves<Tensor>(params).map(([path, leaf]) => [path, leaf.shape]));

/** The same parameters moved off their special values, so that no term is hidden by a 0 or a 1. */
const shaken = <P extends Parameters<typeof mapTree>[1]>(params: P): P =>
  mapTree(
    (leaf: Tensor, path: string) =>
      add(leaf, reshape(mul(0.1, draw(path.length, [1, 1, leaf.size])), leaf.shape)),
    params as never,
  ) as P;

describeBackends('initialisation', () => {
  it('has the names and shapes of a checkpoint', () => {
    expect(shapes(initBlock(key(0), { width: 4, mlpRatio: 2 }))).toEqual({
      'norm1/scale': [4],
      'norm1/bias': [4],
      'attention/qkv/kernel': [4, 12],
      'attention/qkv/bias': [12],
      'attention/out/kernel': [4, 4],
      'attention/out/bias': [4],
      'norm2/scale': [4],
      'norm2/bias': [4],
      'mlp/hidden/kernel': [4, 8],
      'mlp/hidden/bias': [8],
      'mlp/out/kernel': [8, 4],
      'mlp/out/bias': [4],
    });
  });

  it('draws Xavier-uniform kernels and zero biases', () => {
    const { kernel, bias } = initDense(key(1), { in: 100, out: 50 });
    const values = Array.from(kernel.dataSync());
    const bound = Math.sqrt(6 / 150);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    const variance = values.reduce((total, v) => total + v * v, 0) / values.length;
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    expectClose(bias, new Float32Array(50));
  });

  it('draws the same from the same key, and every kernel from another', () => {
    const kernels = (seed: number): string[] =>
      namedLeaves<Tensor>(initBlock(key(seed), { width: 4, mlpRatio: 1 }))
        .filter(([path]) => path.endsWith('kernel'))
        .map(([, leaf]) => String(leaf.dataSync()));
    expect(kernels(3)).toEqual(kernels(3));
    expect(new Set([...kernels(3), ...kernels(4)]).size).toBe(8);
  });

  it('names a size that is not one', () => {
    expect(() => initDense(key(0), { in: 3, out: 0 })).toThrow(
      'initDense: out must be a positive integer, got 0',
    );
    expect(() => initNorm({ width: 1.5 })).toThrow('initNorm: width must be a positive integer');
  });
});

describeBackends('layers', () => {
  const block = () => shaken(initBlock(key(5), { width: 6, mlpRatio: 2 }));

  it('dense and mlp are their formulas', () => {
    const params = shaken(initMlp(key(2), { width: 4 }));
    expect(params.hidden.kernel.shape).toEqual([4, 16]);
    const x = tensor2d(normal(key(3), 12), [3, 4]);
    const hidden = add(matMul(x, params.hidden.kernel), params.hidden.bias);
    expectClose(dense(params.hidden, x), hidden);
    const want = add(matMul(gelu(hidden) as Tensor2D, params.out.kernel), params.out.bias);
    expectClose(mlp(params, x), want, { atol: 1e-5 });
  });

  it('norms scale and shift what they normalise', () => {
    const params = { scale: ones([3]) as Tensor1D, bias: ones([3]) as Tensor1D };
    const root = Math.sqrt(1.5);
    expectClose(layerNorm(params, tensor2d([[1, 2, 3]])), [1 - root, 1, 1 + root], { atol: 1e-5 });
    expectClose(
      batchNorm(
        params,
        tensor2d([
          [1, 2, 0],
          [3, 6, 0],
        ]),
      ),
      [0, 0, 1, 2, 2, 1],
      {
        atol: 1e-4,
      },
    );
  });

  it('attention with one head is softmax(q·kᵀ/√D)·v between two dense layers', () => {
    const params = shaken(initAttention(key(4), { width: 4 }));
    const x = draw(6, [1, 5, 4]);
    const rows = reshape(dense(params.qkv, x), [5, 12]);
    const [q, k, v] = [0, 4, 8].map((at) => slice(rows, [0, at], [5, 4]) as Tensor2D);
    const scores = exp(mul(matMul(q as Tensor2D, k as Tensor2D, false, true), 1 / Math.sqrt(4)));
    const mixed = matMul(div(scores, sum(scores, 1, true)) as Tensor2D, v as Tensor2D);
    expectClose(multiHeadAttention(params, { heads: 1 }, x), dense(params.out, mixed), {
      atol: 1e-5,
    });
  });

  it('a block adds attention of one norm and an MLP of the other', () => {
    const [params, x, options] = [block(), draw(7, [2, 5, 6]), { heads: 3, epsilon: 1e-3 }];
    const normalized = (t: Tensor3D, norm: keyof typeof params & `norm${number}`): Tensor3D => {
      const centred = sub(t, mul(1 / 6, sum(t, 2, true)));
      const variance = mul(1 / 6, sum(square(centred), 2, true));
      const { scale, bias } = params[norm];
      return add(mul(div(centred, sqrt(add(variance, 1e-3))), scale), bias) as Tensor3D;
    };
    const y = add(
      x,
      multiHeadAttention(params.attention, options, normalized(x, 'norm1')),
    ) as Tensor3D;
    const want = add(y, mlp(params.mlp, normalized(y, 'norm2')));
    expectClose(transformerBlock(params, options, x), want, { atol: 1e-5 });
  });

  it('a block treats tokens as a set: permuted in, permuted out', () => {
    const [params, x] = [block(), draw(8, [1, 3, 6])];
    const rotate = (t: Tensor): number[] => {
      const values = Array.from(t.dataSync());
      return [...values.slice(6), ...values.slice(0, 6)];
    };
    const moved = tensor3d(rotate(x), [1, 3, 6]);
    const want = rotate(transformerBlock(params, { heads: 2 }, x));
    expectClose(transformerBlock(params, { heads: 2 }, moved), want, { atol: 1e-5 });
  });

  it('a block reaches every parameter with the gradient of central differences', () => {
    const [params, x, weights] = [block(), draw(9, [2, 3, 6]), draw(10, [2, 3, 6])];
    const loss = (p: typeof params) => ({
      loss: sum(mul(weights, transformerBlock(p, { heads: 2 }, x))) as Scalar,
    });
    const { grads, unused } = valueAndGrad(loss)(params);
    expect(unused).toEqual([]);
    // Along the gradient itself the slope is its squared length.
    const moved = (by: number): number => {
      const there = mapTree((p: Tensor, _, g: Tensor) => add(p, mul(by, g)), params, grads);
      return loss(there).loss.dataSync()[0] ?? Number.NaN;
    };
    const length = namedLeaves<Tensor>(grads)
      .flatMap(([, g]) => Array.from(g.dataSync()))
      .reduce((total, g) => total + g * g, 0);
    const step = 1e-2 / Math.sqrt(length);
    const slope = (moved(step) - moved(-step)) / (2 * step);
    expect(Math.abs(slope / length - 1)).toBeLessThan(5e-3);
  });

  it('leaks nothing', () => {
    const [params, x, rows] = [block(), draw(11, [2, 3, 6]), tensor2d([1, 2], [2, 1])];
    const norm = initNorm({ width: 1 });
    expectNoLeak(() => transformerBlock(params, { heads: 2 }, x));
    expectNoLeak(() => multiHeadAttention(params.attention, { heads: 2 }, x));
    expectNoLeak(() => mlp(params.mlp, x));
    expectNoLeak(() => layerNorm(params.norm1, x));
    expectNoLeak(() => batchNorm(norm, rows));
    expectNoLeak(() => dense(params.mlp.hidden, x));
    expectNoLeak(() => {
      disposeTree(initBlock(key(0), { width: 4 }));
      disposeTree(initDense(key(0), { in: 2, out: 3 }));
      return undefined;
    });
  });
});
