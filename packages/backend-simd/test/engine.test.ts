import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { configureSimd, measurePeak, registerSimd, simdReport } from '@twocan/backend-simd';
import { beforeAll, describe, expect, it, vi } from 'vitest';

beforeAll(() => tf.enableProdMode());

describe('the backend', () => {
  it('reports threads and instructions, and refuses what cannot be', async () => {
    registerSimd('two', { threads: 2 });
    registerSimd('one', { threads: 1, relaxed: false });
    await tf.setBackend('two');
    const alone = globalThis.crossOriginIsolated === false;
    expect(simdReport('two')).toEqual({
      threads: alone ? 1 : 2,
      instructions: 'relaxed',
      why: alone ? ['one thread: the page is not cross-origin isolated'] : [],
    });
    await tf.setBackend('one');
    expect(simdReport('one')).toMatchObject({ threads: 1, instructions: 'simd' });
    expect(simdReport('none')).toBeUndefined();
    expect(measurePeak()).toBeGreaterThan(1);
    await tf.setBackend('cpu');
    expect(() => measurePeak()).toThrow(/the backend must be simd or native, got cpu/);
    expect(() => registerSimd('half', { threads: 0.5 })).toThrow(/threads \(1 to 1024\)/);
    await tf.setBackend('simd');
    expect(() => configureSimd({ threads: 3 })).toThrow(/before the backend starts/);
  });

  it('a name can be registered again once its backend was removed, and reports nothing until then', async () => {
    const warn = vi.spyOn(console, 'warn');
    const product = async (threads: number) => {
      registerSimd('again', { threads });
      await tf.setBackend('again');
      return tf.matMul(tf.ones([9, 5]), tf.ones([5, 3])).dataSync();
    };
    const first = await product(1);
    expect(simdReport('again')?.threads).toBe(1);
    await tf.setBackend('cpu');
    tf.removeBackend('again');
    expect(simdReport('again')).toBeUndefined();
    expect(await product(1)).toEqual(first);
    expect(warn).not.toHaveBeenCalled();
  });

  it('leaks nothing over 10,000 steps', { timeout: 120_000 }, async () => {
    await tf.setBackend('two');
    const x = tf.randomNormal([8, 16], 0, 1, 'float32', 1) as tf.Tensor2D;
    let w = tf.randomNormal([16, 16], 0, 1, 'float32', 2) as tf.Tensor2D;
    const step = (): void => {
      const next = tf.tidy(() => {
        const y = tf.tanh(tf.matMul(x, w));
        const g = tf.matMul(x, tf.sub(y, x), true);
        return tf.sub(w, tf.mul(g, 0.01)) as tf.Tensor2D;
      });
      w.dispose();
      w = next;
    };
    for (let i = 0; i < 100; i++) step();
    const before = tf.memory();
    for (let i = 0; i < 10_000; i++) step();
    expect(tf.memory()).toEqual(before);
    tf.dispose([x, w]);
  });

  it('keeps values that were read, whatever becomes of the tensor', async () => {
    await tf.setBackend('two');
    const a = tf.add(tf.ones([100]), 1);
    const values = a.dataSync();
    a.dispose();
    tf.mul(tf.ones([100]), 7).dataSync();
    expect([...values].every((v) => v === 2)).toBe(true);
  });
});
