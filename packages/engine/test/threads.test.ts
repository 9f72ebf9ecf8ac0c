import * as tf from '@tensorflow/tfjs-core';
import { fold, key, normal, registerGradients } from '@twocan/core';
import { attention, gelu, layerNorm, linearGelu } from '@twocan/ops';
import { engineVariants } from '@twocan/testkit';
import { beforeAll, expect, it } from 'vitest';
import type { EngineBackend } from '../src/backend.ts';

beforeAll(() => {
  tf.enableProdMode();
  registerGradients();
});

/** Values and gradients of a small network and of reductions, as bits. */
function everything(): Uint32Array[] {
  const values = (name: string, shape: number[]): tf.Tensor =>
    tf.tensor(
      normal(
        fold(key(3), name),
        shape.reduce((a, b) => a * b),
      ),
      shape,
    );
  const inputs = [
    values('x', [24, 33, 48]),
    values('qkv', [48, 144]),
    values('b', [144]),
    values('s', [48]),
    values('w', [48, 203]),
    values('c', [203]),
  ];
  const loss = (...t: tf.Tensor[]): tf.Scalar => {
    const [x, qkv, b, s, w, c] = t as [
      tf.Tensor3D,
      tf.Tensor2D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor2D,
      tf.Tensor1D,
    ];
    const normed = layerNorm(x, s, s);
    const mixed = attention(tf.reshape(linearGelu(normed, qkv, b), [24, 33, 144]), 3);
    const plain = tf.softmax(tf.matMul(tf.reshape(mixed, [-1, 48]), w));
    return tf.add(
      tf.sum(tf.mul(plain, gelu(tf.reshape(linearGelu(x, w, c), [-1, 203])))),
      tf.mean(mixed),
    ) as tf.Scalar;
  };
  const { value, grads } = tf.valueAndGrads(loss)(inputs);
  const read = (t: tf.Tensor): Uint32Array =>
    new Uint32Array(Float32Array.from(t.dataSync()).buffer);
  const results = [value, ...grads].map(read);
  tf.dispose([inputs, value, grads]);
  return results;
}

const counts = [1, 2, 3];
const variants = engineVariants(counts);
const arithmetics = [...new Set(variants.map(({ arithmetic }) => arithmetic))];

// A page that is not isolated has one thread: nothing to compare.
it.skipIf(globalThis.crossOriginIsolated === false).each(arithmetics)(
  'gives the same bits with any number of threads (%s)',
  async (arithmetic) => {
    const own = variants.filter((variant) => variant.arithmetic === arithmetic);
    expect(own.map(({ threads }) => threads)).toEqual(counts);
    const runs: Uint32Array[][] = [];
    for (const { name, threads } of own) {
      await tf.setBackend(name);
      expect((tf.backend() as EngineBackend).engine.threads).toBe(threads);
      runs.push(everything(), everything());
    }
    for (const run of runs) expect(run).toEqual(runs[0]);
  },
);
