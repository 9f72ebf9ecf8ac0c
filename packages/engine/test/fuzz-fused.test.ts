import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from '@twocan/core';
import {
  adamwUpdate,
  attention,
  batchNorm,
  gatherTokens,
  gelu,
  layerNorm,
  linear,
  linearGelu,
  linearOnData,
  normalizeRows,
  scatterTokens,
  softmaxCrossEntropy,
  squaredNorm,
  weightedMeanSquaredError,
} from '@twocan/ops';
import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import { agree as agreeWithin, check, NOT_FINITE, numbers, seed } from './against-cpu.ts';

beforeAll(registerGradients);

const some = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70 }));
const several = some.map((n) => n + 1);
/** Rare, so that most results stay numbers. */
const special = fc.integer({ min: 0, max: 5 }).map((n) => n === 0);

const make = (from: number, dims: readonly number[], odd = false): tf.Tensor =>
  tf.tensor(numbers(from, dims, odd ? NOT_FINITE : []), [...dims]);

/** What an operation gives, and its gradients against a fixed direction. */
function withGradients(
  op: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const { value, grads } = tf.valueAndGrads((...given) => {
    const y = op(...given);
    return tf.sum(tf.mul(y, make(7, y.shape))) as tf.Scalar;
  })([...inputs]);
  return [op(...inputs), value, ...grads];
}

const agree = (work: () => tf.Tensor[]): Promise<void> => agreeWithin(work, 3e-4, 'alike');

describe('fused kernels and their gradients against their plain twins', {
  timeout: 240_000,
}, () => {
  const maps = {
    linear: (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
      linear(x, w as tf.Tensor2D, b as tf.Tensor1D),
    'linear without bias': (x: tf.Tensor, w: tf.Tensor) => linear(x, w as tf.Tensor2D),
    linearGelu: (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
      linearGelu(x, w as tf.Tensor2D, b as tf.Tensor1D),
  } as const;
  it.each(Object.keys(maps) as (keyof typeof maps)[])('%s', (name) =>
    check(fc.tuple(some, some, some, special, seed), ([rows, inner, columns, odd, from]) =>
      agree(() => {
        const x = make(from, [rows, inner], odd);
        const w = make(from + 1, [inner, columns]);
        const inputs = name === 'linear without bias' ? [x, w] : [x, w, make(from + 2, [columns])];
        return withGradients(maps[name] as (...t: tf.Tensor[]) => tf.Tensor, inputs);
      }),
    ),
  );

  it('linearOnData', () =>
    check(fc.tuple(some, some, some, seed), ([rows, inner, columns, from]) =>
      agree(() => {
        const x = make(from, [rows, inner]);
        return withGradients(
          (w, b) => linearOnData(x, w as tf.Tensor2D, b as tf.Tensor1D),
          [make(from + 1, [inner, columns]), make(from + 2, [columns])],
        );
      }),
    ));

  it('gelu', () =>
    check(fc.tuple(some, some, seed), ([rows, columns, from]) =>
      agree(() => withGradients(gelu, [make(from, [rows, columns])])),
    ));

  const norms = { layerNorm, batchNorm } as const;
  it.each(Object.keys(norms) as (keyof typeof norms)[])('%s', (name) =>
    check(fc.tuple(some, some, special, seed), ([rows, columns, odd, from]) =>
      agree(() =>
        withGradients(
          // A large epsilon: in a batch of one all is 0 over its root.
          (x, s, b) => norms[name](x as tf.Tensor2D, s as tf.Tensor1D, b as tf.Tensor1D, 0.1),
          [make(from, [rows, columns], odd), make(from + 1, [columns]), make(from + 2, [columns])],
        ),
      ),
    ),
  );

  it('normalizeRows', () =>
    check(fc.tuple(some, some, seed), ([rows, columns, from]) =>
      agree(() =>
        withGradients((x) => normalizeRows(x as tf.Tensor2D, 0.1), [make(from, [rows, columns])]),
      ),
    ));

  it('attention', () =>
    check(
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        some,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 40 }),
        special,
        seed,
      ),
      ([batch, tokens, heads, size, odd, from]) =>
        agree(() =>
          withGradients(
            (qkv) => attention(qkv as tf.Tensor3D, heads),
            [make(from, [batch, tokens, 3 * heads * size], odd)],
          ),
        ),
    ));

  it('gatherTokens, scatterTokens', () =>
    check(
      fc.tuple(fc.integer({ min: 1, max: 4 }), some, some, seed),
      ([batch, tokens, width, from]) => {
        const kept = 1 + (from % tokens);
        const orders = Array.from({ length: batch }, (_, i) => {
          const rank = numbers(from + i, [tokens]);
          return Array.from(rank.keys()).sort((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0));
        });
        const keep = Int32Array.from(orders.flatMap((order) => [...order.slice(0, kept)]));
        const restore = Int32Array.from(
          orders.flatMap((order) => {
            const ranks = new Array<number>(tokens);
            order.forEach((token, rank) => {
              ranks[token] = rank;
            });
            return ranks;
          }),
        );
        return agree(() => [
          ...withGradients(
            (x) => gatherTokens(x as tf.Tensor3D, keep, kept),
            [make(from, [batch, tokens, width], true)],
          ),
          ...withGradients(
            (x, fill) => scatterTokens(x as tf.Tensor3D, fill, restore, tokens),
            [make(from, [batch, kept, width]), make(from + 1, [1, 1, width])],
          ),
        ]);
      },
    ));

  it('softmaxCrossEntropy', () =>
    check(fc.tuple(some, several, special, seed), ([rows, classes, odd, from]) => {
      const labels = Int32Array.from({ length: rows }, (_, i) => (i * from) % classes);
      return agree(() =>
        withGradients(
          (x) => softmaxCrossEntropy(x as tf.Tensor2D, labels),
          [make(from, [rows, classes], odd)],
        ),
      );
    }));

  it('weightedMeanSquaredError, squaredNorm', () =>
    check(
      fc.tuple(fc.integer({ min: 1, max: 4 }), some, some, special, seed),
      ([batch, patches, pixels, odd, from]) =>
        agree(() => {
          const dims = [batch, patches, pixels];
          const weights = tf.abs(make(from + 2, [batch, patches])) as tf.Tensor2D;
          const target = make(from + 1, dims) as tf.Tensor3D;
          const x = make(from, dims, odd);
          const error = (p: tf.Tensor): tf.Tensor =>
            weightedMeanSquaredError(p as tf.Tensor3D, target, weights);
          return [...withGradients(error, [x]), squaredNorm([x, target])];
        }),
    ));

  it('adamwUpdate', () =>
    check(fc.tuple(some, some, special, seed), ([rows, columns, odd, from]) =>
      agree(() => {
        const dims = [rows, columns];
        const options = { learningRate: 1e-3, b1: 0.9, b2: 0.95, epsilon: 1e-8 };
        const { parameter, m, v } = adamwUpdate(
          make(from, dims),
          make(from + 1, dims, odd),
          make(from + 2, dims),
          tf.abs(make(from + 3, dims)),
          { ...options, weightDecay: 0.05, step: 1 + (from % 100) },
        );
        return [parameter, m, v];
      }),
    ));
});
