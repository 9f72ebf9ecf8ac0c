import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { agree, check, numbers, ODD, seed, shape, size } from './against-cpu.ts';

describe('kernels against the cpu backend', { timeout: 240_000 }, () => {
  const unary: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
    neg: tf.neg,
    abs: tf.abs,
    square: tf.square,
    sqrt: tf.sqrt,
    rsqrt: tf.rsqrt,
    reciprocal: tf.reciprocal,
    exp: tf.exp,
    log: tf.log,
    tanh: tf.tanh,
    erf: tf.erf,
    sigmoid: tf.sigmoid,
    relu: tf.relu,
    relu6: tf.relu6,
    elu: tf.elu,
    sign: tf.sign,
    floor: tf.floor,
    ceil: tf.ceil,
    leakyRelu: (x) => tf.leakyRelu(x, 0.1),
    step: (x) => tf.step(x, 0.5),
    clip: (x) => tf.clipByValue(x, -1, 2),
    cast: (x) => tf.cast(tf.cast(tf.clipByValue(x, -9, 9), 'int32'), 'float32'),
    zerosLike: tf.zerosLike,
    onesLike: tf.onesLike,
  };
  it.each(Object.keys(unary))('%s', (name) =>
    check(fc.tuple(shape(0, 4), seed), async ([dims, from]) => {
      const isCast = name === 'cast';
      await agree(
        () => unary[name]?.(tf.tensor(numbers(from, dims, isCast ? [] : ODD), dims)) as tf.Tensor,
      );
    }),
  );

  const binary = {
    add: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    div: tf.div,
    maximum: tf.maximum,
    minimum: tf.minimum,
    squaredDifference: tf.squaredDifference,
  } as const;
  it.each(Object.keys(binary) as (keyof typeof binary)[])('%s, broadcast', (name) =>
    check(
      fc.tuple(shape(0, 5), fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }), seed),
      async ([dims, ones, from]) => {
        const side = (offset: number) => {
          const own = dims.map((n, i) => (ones[offset + i] ? 1 : n));
          return ones[offset + 4] ? own.slice(1) : own;
        };
        const [left, right] = [side(0), side(5)];
        await agree(() => {
          const a = tf.tensor(numbers(from, left, ODD), left);
          return binary[name](a, tf.tensor(numbers(from + 1, right, ODD), right));
        });
      },
    ),
  );

  const reductions = { sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min } as const;
  it.each(Object.keys(reductions) as (keyof typeof reductions)[])('%s over any axes', (name) =>
    check(
      fc.tuple(shape(1, 4), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), seed),
      async ([dims, flags, from]) => {
        const axes = dims.flatMap((_, i) => (flags[i] ? [i] : []));
        await agree(
          () => reductions[name](tf.tensor(numbers(from, dims), dims), axes, flags[4] ?? false),
          1e-4,
        );
      },
    ),
  );

  it('transpose of any rank', () =>
    check(fc.tuple(shape(1, 6), seed), async ([dims, from]) => {
      const small = dims.map((n) => Math.min(n, 12));
      const order = small.map((_, i) => i).sort((a, b) => ((a * from) % 7) - ((b * from) % 7));
      await agree(() => tf.transpose(tf.tensor(numbers(from, small, ODD), small), order), 0);
    }));

  it('slice, concat, split, pad', () =>
    check(fc.tuple(shape(1, 4), seed), async ([dims, from]) => {
      const along = from % dims.length;
      await agree(() => {
        const x = tf.tensor(numbers(from, dims, ODD), dims);
        const begin = dims.map((n, i) => Math.min(n, (from >> i) % 4));
        const part = tf.slice(
          x,
          begin,
          dims.map((n, i) => Math.max(0, n - (begin[i] ?? 0) - 1)),
        );
        const joined = tf.concat([x, x, x], along);
        const padded =
          dims.length <= 4
            ? tf.pad(
                x,
                dims.map(() => [1, 2]),
                3,
              )
            : x;
        // The cpu backend's own split of nothing throws.
        if (joined.size === 0) return [part, joined, padded];
        return [part, joined, padded, ...tf.split(joined, 3, along)];
      }, 0);
    }));

  it('gather and its gradient, oneHot, where, tile', () =>
    check(
      fc.tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 30 }), seed),
      async ([rows, width, from]) => {
        const index = Array.from(numbers(from, [rows]), (v) => Math.abs(Math.floor(7 * v)) % rows);
        await agree(() => {
          const x = tf.tensor(numbers(from, [rows, width]), [rows, width]);
          const picked = tf.gather(x, tf.tensor1d(index, 'int32'));
          const summed = tf.unsortedSegmentSum(picked, tf.tensor1d(index, 'int32'), rows);
          const hot = tf.cast(tf.oneHot(tf.tensor1d(index, 'int32'), rows), 'float32');
          const chosen = tf.where(tf.greater(x, 0), x, tf.mul(x, 2));
          return [picked, summed, hot, chosen, tf.tile(x, [3, 1]), tf.tile(x, [1, 2])];
        });
      },
    ));

  it('matMul in all transposes, with batches', () =>
    check(
      fc.tuple(size, size, size, fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }), seed),
      async ([m, n, k, batch, from]) => {
        const [ta, tb] = [(from & 1) === 1, (from & 2) === 2];
        const single = (from & 4) === 4;
        const a = [...batch, ...(ta ? [k, m] : [m, k])];
        const b = [...(single ? [] : batch), ...(tb ? [n, k] : [k, n])];
        // The cpu backend's own broadcast of batches is wrong where only one side has them.
        if (single && batch.length > 0) b.unshift(...batch.map(() => 1));
        if (batch.length > 1 && single) return;
        await agree(
          () =>
            tf.matMul(tf.tensor(numbers(from, a), a), tf.tensor(numbers(from + 1, b), b), ta, tb),
          1e-4,
        );
      },
    ));

  // A page that is not isolated has one thread: nothing to compare.
  it('large products and sums: bits do not depend on threads', () =>
    agree(() => {
      const a = tf.tensor2d(numbers(1, [517, 771]), [517, 771]);
      const b = tf.tensor2d(numbers(2, [771, 523]), [771, 523]);
      return [tf.matMul(a, b), tf.sum(a), tf.sum(a, 0), tf.mean(a, 1), tf.softmax(a), tf.exp(a)];
    }, 1e-3));

  it('softmax', () =>
    check(fc.tuple(shape(1, 3), seed), async ([dims, from]) => {
      if (dims.includes(0)) return;
      await agree(() => tf.softmax(tf.tensor(numbers(from, dims), dims)));
    }));
});
