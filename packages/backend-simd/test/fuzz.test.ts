import * as tf from '@tensorflow/tfjs-core';
import { fold, key, registerGradients, uniform, uniformInt } from '@twocan/core';
import { expectClose } from '@twocan/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configureSimd } from '../src/index.ts';

// Every kernel of the backend against the cpu kernel of the same name, on random shapes: sizes that no
// vector divides, empty tensors, broadcasting, NaN and infinities.

const ROUNDS = 60;

/** A stream of choices, one per test and round. */
function chooser(name: string, round: number) {
  const root = fold(fold(key(7), name), round);
  let drawn = 0;
  const below = (n: number): number => uniformInt(fold(root, drawn++), 1, n)[0] ?? 0;
  const size = (): number => [0, 1, 1, 2, 3, 4, 5, 7, 8, 13, 16, 33, 70][below(13)] ?? 1;
  return {
    below,
    size,
    shape: (rank: number): number[] => Array.from({ length: rank }, () => Math.min(size(), 33)),
    /** Normal-sized numbers, with now and then a special one. */
    floats: (count: number, special = false): Float32Array =>
      uniform(fold(root, drawn++), count).map((u, i) => {
        if (special && (i * 7 + round) % 11 === 0) {
          return [Number.NaN, Infinity, -Infinity, 0, -0, 1e30, -1e30, 1e-40][i % 8] ?? 0;
        }
        return 6 * u - 3;
      }),
  };
}

type Choices = ReturnType<typeof chooser>;
type Data = { readonly values: Float32Array | Int32Array; readonly shape: number[] };

const data = (c: Choices, shape: number[], special = false): Data => ({
  values: c.floats(
    shape.reduce((a, b) => a * b, 1),
    special,
  ),
  shape,
});

/** Runs on both backends and compares all results. */
function compare(
  inputs: readonly Data[],
  f: (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  tolerance: { rtol?: number; atol?: number } = { rtol: 1e-4, atol: 1e-4 },
): void {
  const run = (backend: string): { shape: number[]; values: ArrayLike<number> }[] => {
    tf.setBackend(backend);
    expect(tf.getBackend()).toBe(backend);
    // Throws unless the backend has started.
    expect(tf.backend()).toBeDefined();
    const tensors = inputs.map(({ values, shape }) =>
      tf.tensor(values.slice(), shape, values instanceof Int32Array ? 'int32' : 'float32'),
    );
    const before = tf.memory().numTensors;
    const results = [f(...tensors)].flat();
    expect(tf.memory().numTensors - before, 'tensors left').toBeLessThanOrEqual(results.length);
    const read = results.map((t) => ({ shape: t.shape, values: t.dataSync() as Float32Array }));
    tf.dispose([...tensors, ...results]);
    return read;
  };
  const [want, got] = [run('cpu'), run('simd')];
  got.forEach(({ shape, values }, i) => {
    const wanted = want[i];
    expect(shape).toEqual(wanted?.shape);
    const [a, b] = [Array.from(values), Array.from(wanted?.values ?? [])];
    // NaN must stand where it stood.
    expect(a.map(Number.isNaN)).toEqual(b.map(Number.isNaN));
    const clean = (x: number): number => (Number.isNaN(x) ? 0 : x);
    expectClose(
      a.map(clean),
      b.map(clean),
      tolerance,
      `inputs ${inputs.map((x) => `[${x.shape}]`)}`,
    );
  });
}

const fuzz = (name: string, body: (c: Choices) => void): void =>
  it(name, () => {
    for (let round = 0; round < ROUNDS; round++) body(chooser(name, round));
  });

beforeAll(async () => {
  tf.enableProdMode();
  registerGradients();
});

afterAll(() => tf.removeBackend('simd'));

describe.each([
  { threads: 1, variant: 'simd' },
  { threads: 2, variant: 'relaxed' },
] as const)('kernels against cpu ($variant, $threads threads)', (options) => {
  beforeAll(async () => {
    configureSimd(options);
    await tf.setBackend('simd');
  });

  fuzz('matMul', (c) => {
    const [m, k, n] = [c.size(), c.size(), c.size()];
    const [ta, tb] = [c.below(2) === 1, c.below(2) === 1];
    const left = ta ? [k, m] : [m, k];
    const right = tb ? [n, k] : [k, n];
    const batch = 1 + c.below(4);
    const [batchA, batchB] = [
      [[], []],
      [[batch], [batch]],
      [[1], [batch]],
      [
        [batch, 2],
        [batch, 2],
      ],
      [[batch], [1]],
    ][c.below(5)] as [number[], number[]];
    const inputs = [data(c, [...batchA, ...left]), data(c, [...batchB, ...right])];
    // The cpu kernel returns no values for an empty sum.
    if (k === 0 || m * n === 0) return;
    compare(inputs, (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, ta, tb));
  });

  it('matMul broadcasts both sides of a batch', () => {
    const c = chooser('both', 0);
    const [a, b] = [data(c, [2, 1, 5, 7]), data(c, [1, 3, 7, 6])];
    compare([a, b], (x, y) => {
      if (tf.getBackend() === 'simd') return tf.matMul(x as tf.Tensor, y as tf.Tensor);
      // The cpu kernel returns too few values for this.
      const [left, right] = [
        tf.tile(x as tf.Tensor, [1, 3, 1, 1]),
        tf.tile(y as tf.Tensor, [2, 1, 1, 1]),
      ];
      const z = tf.matMul(left, right);
      tf.dispose([left, right]);
      return z;
    });
  });

  const binaries = {
    add: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    div: tf.div,
    maximum: tf.maximum,
    minimum: tf.minimum,
    squaredDifference: tf.squaredDifference,
    equal: tf.equal,
    notEqual: tf.notEqual,
    greater: tf.greater,
    greaterEqual: tf.greaterEqual,
    less: tf.less,
    lessEqual: tf.lessEqual,
  };
  for (const [name, op] of Object.entries(binaries)) {
    fuzz(name, (c) => {
      const shape = c.shape(c.below(5));
      const stretch = (): number[] =>
        shape.map((n) => (c.below(3) === 0 ? 1 : n)).slice(c.below(2) * c.below(shape.length + 1));
      const [a, b] = [data(c, stretch(), true), data(c, stretch(), true)];
      compare([a, b], (x, y) => op(x as tf.Tensor, y as tf.Tensor), { rtol: 1e-6, atol: 1e-37 });
    });
  }

  const unaries = {
    exp: tf.exp,
    log: tf.log,
    tanh: tf.tanh,
    sigmoid: tf.sigmoid,
    erf: tf.erf,
    sqrt: tf.sqrt,
    rsqrt: tf.rsqrt,
    square: tf.square,
    neg: tf.neg,
    abs: tf.abs,
    relu: tf.relu,
    relu6: tf.relu6,
    reciprocal: tf.reciprocal,
    floor: tf.floor,
    ceil: tf.ceil,
    round: tf.round,
    sign: tf.sign,
    step: (x: tf.Tensor) => tf.step(x, 0.3),
    leakyRelu: (x: tf.Tensor) => tf.leakyRelu(x, 0.2),
    clip: (x: tf.Tensor) => tf.clipByValue(x, -1, 2),
  };
  for (const [name, op] of Object.entries(unaries)) {
    fuzz(name, (c) => {
      compare([data(c, c.shape(1 + c.below(3)), true)], (x) => op(x as tf.Tensor), {
        rtol: 1e-5,
        atol: 1e-6,
      });
    });
  }

  const reductions = { sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min };
  for (const [name, op] of Object.entries(reductions)) {
    fuzz(name, (c) => {
      const shape = c.shape(1 + c.below(4)).map((n) => Math.max(1, n));
      const axes = shape.map((_, i) => i).filter(() => c.below(2) === 1);
      const keep = c.below(2) === 1;
      compare([data(c, shape, c.below(2) === 1 && name !== 'sum' && name !== 'mean')], (x) =>
        op(x as tf.Tensor, axes, keep),
      );
    });
  }

  fuzz('softmax', (c) => {
    compare(
      [
        data(
          c,
          c.shape(1 + c.below(3)).map((n) => n + 1),
        ),
      ],
      (x) => tf.softmax(x as tf.Tensor),
    );
  });

  fuzz('transpose', (c) => {
    const rank = 1 + c.below(6);
    const shape = c.shape(rank).map((n) => Math.min(n, rank > 4 ? 5 : 33));
    const order = shape.map((_, i) => i);
    for (let i = rank - 1; i > 0; i--) {
      const j = c.below(i + 1);
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    compare([data(c, shape)], (x) => tf.transpose(x as tf.Tensor, order), { rtol: 0, atol: 0 });
  });

  fuzz('slice, pad and concat', (c) => {
    const shape = c.shape(1 + c.below(4)).map((n) => n + 1);
    const begin = shape.map((n) => c.below(n));
    const size = shape.map((n, i) => 1 + c.below(n - (begin[i] ?? 0)));
    const margins = shape.map((): [number, number] => [c.below(4), c.below(4)]);
    const axis = c.below(shape.length);
    compare(
      [data(c, shape)],
      (x) => {
        const t = x as tf.Tensor;
        return [tf.slice(t, begin, size), tf.pad(t, margins, 0.5), tf.concat([t, t], axis)];
      },
      { rtol: 0, atol: 0 },
    );
  });

  fuzz('split and tile', (c) => {
    const shape = c.shape(1 + c.below(3)).map((n) => n + 1);
    const axis = c.below(shape.length);
    const n = shape[axis] ?? 1;
    const first = c.below(n + 1);
    const reps = shape.map(() => 1 + c.below(3));
    compare(
      [data(c, shape)],
      (x) => [...tf.split(x as tf.Tensor, [first, n - first], axis), tf.tile(x as tf.Tensor, reps)],
      { rtol: 0, atol: 0 },
    );
  });

  fuzz('gather and unsortedSegmentSum', (c) => {
    const [rows, n, width] = [1 + c.below(20), c.below(40), c.size()];
    const index = Int32Array.from({ length: n }, () => c.below(rows));
    const inputs = [data(c, [rows, width]), { values: index, shape: [n] }, data(c, [n, width])];
    compare(inputs, (x, i, y) => [
      tf.gather(x as tf.Tensor, i as tf.Tensor1D),
      tf.unsortedSegmentSum(y as tf.Tensor, i as tf.Tensor1D, rows),
    ]);
  });

  fuzz('batched gather and oneHot', (c) => {
    const [batch, rows, n, width] = [1 + c.below(3), 1 + c.below(9), 1 + c.below(9), 1 + c.size()];
    const index = Int32Array.from({ length: batch * n }, () => c.below(rows));
    const inputs = [data(c, [batch, rows, width]), { values: index, shape: [batch, n] }];
    compare(inputs, (x, i) => [
      tf.gather(x as tf.Tensor, i as tf.Tensor, 1, 1),
      tf.oneHot(i as tf.Tensor, rows + 2),
    ]);
  });

  fuzz('select and casts', (c) => {
    const shape = c.shape(1 + c.below(3));
    const inputs = [data(c, shape, true), data(c, shape), data(c, shape)];
    compare(inputs, (a, b, d) => {
      const chosen = tf.tidy(() =>
        tf.where(tf.greater(a as tf.Tensor, 0), b as tf.Tensor, d as tf.Tensor),
      );
      const back = tf.tidy(() => tf.cast(tf.cast(b as tf.Tensor, 'int32'), 'float32'));
      return [chosen, back, tf.zerosLike(b as tf.Tensor), tf.onesLike(b as tf.Tensor)];
    });
  });

  it('reduces large tensors', () => {
    const c = chooser('large', 0);
    compare(
      [data(c, [70, 2500])],
      (x) => [
        tf.sum(x as tf.Tensor),
        tf.mean(x as tf.Tensor, 0),
        tf.max(x as tf.Tensor),
        tf.sum(x as tf.Tensor, 1),
      ],
      { rtol: 1e-4, atol: 1e-2 },
    );
    compare(
      [data(c, [3, 1300, 37])],
      (x) => [tf.sum(x as tf.Tensor, 1), tf.sum(x as tf.Tensor, [0, 2])],
      {
        rtol: 1e-4,
        atol: 1e-2,
      },
    );
  });
});
