import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { configureSimd, measurePeak, registerSimd, simdReport } from '@twocan/backend-simd';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeHeap } from '../src/heap.ts';

beforeAll(() => tf.enableProdMode());

describe('the heap', () => {
  const heapOf = (maximumPages: number) =>
    makeHeap(new WebAssembly.Memory({ initial: 1, maximum: maximumPages }), {
      from: 1000,
      maximumPages,
    });

  it('hands out aligned blocks that do not overlap, and takes them back', () => {
    const heap = heapOf(64);
    const sizes = [1, 63, 64, 65, 1000, 70_000, 4096];
    const blocks = sizes.map((bytes) => ({ at: heap.allocate(bytes), bytes }));
    for (const { at, bytes } of blocks) {
      expect(at % 64).toBe(0);
      expect(at).toBeGreaterThanOrEqual(1000);
      for (const other of blocks) {
        const apart = at + bytes <= other.at || other.at + other.bytes <= at;
        expect(apart || other.at === at).toBe(true);
      }
    }
    for (const { at, bytes } of blocks) heap.release(at, bytes);
    expect(heap.report().inUse).toBe(0);
    // All of it is one block again.
    expect(heap.allocate(sizes.reduce((a, b) => a + b, 0))).toBe(blocks[0]?.at);
  });

  it('keeps blocks apart whatever comes and goes, and joins what is free', () => {
    const action = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5000 }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const heap = heapOf(64);
        const first = heap.allocate(64);
        const live: { readonly at: number; readonly bytes: number }[] = [];
        for (const [allocates, number] of actions) {
          if (allocates || live.length === 0)
            live.push({ at: heap.allocate(number), bytes: number });
          else {
            const [gone] = live.splice(number % live.length, 1);
            if (gone) heap.release(gone.at, gone.bytes);
          }
          const ordered = [...live].sort((a, b) => a.at - b.at);
          ordered.forEach(({ at, bytes }, i) => {
            const next = ordered[i + 1]?.at ?? Infinity;
            if (at + Math.max(1, bytes) > next)
              expect.fail(`${at} + ${bytes} reaches over ${next}`);
          });
        }
        for (const { at, bytes } of live) heap.release(at, bytes);
        heap.release(first, 64);
        expect(heap.report().inUse).toBe(0);
        expect(heap.allocate(200_000)).toBe(first);
      }),
    );
  });

  it('says what was asked for, what is in use and what to lower when it is full', () => {
    const heap = heapOf(32);
    heap.allocate(1.5 * 2 ** 20);
    expect(() => heap.allocate(2 ** 20)).toThrow(
      /must hold 1 MB more, got 2 MB in use of at most 2 MB; lower the batch/,
    );
    // It is not broken by that.
    expect(heap.allocate(1000)).toBeGreaterThan(0);
  });
});

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
    expect(() => measurePeak()).toThrow(/the backend must be simd, got cpu/);
    expect(() => registerSimd('half', { threads: 0.5 })).toThrow(/threads \(1 to 1024\)/);
    await tf.setBackend('simd');
    expect(() => configureSimd({ threads: 3 })).toThrow(/before the backend starts/);
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
