import * as tf from '@tensorflow/tfjs-core';
import { kernelNames } from '@twocan/engine';
import { describe, expect, it } from 'vitest';
import { variants } from './against-cpu.ts';

type Types = 'int32' | 'bool';

/** Whole numbers, or zeros and ones, of more than one vector and with a rest. */
function make(type: Types, seed: number, shape: readonly number[]): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const value = (i: number): number => (i * 7 + seed * 5 + ((i * i) % 11)) % 13;
  const values = Int32Array.from({ length: size }, (_, i) =>
    type === 'bool' ? value(i) % 2 : value(i) - 6,
  );
  return tf.tensor(values, [...shape], type);
}

type Call = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor | tf.Tensor[];
const index = (): tf.Tensor1D => tf.tensor1d([2, 0, 4], 'int32');

/** An operation of tfjs for each plain kernel. */
const CALLS: Readonly<Record<string, Call>> = {
  Neg: tf.neg,
  Abs: tf.abs,
  Square: tf.square,
  Sqrt: (a) => tf.sqrt(tf.abs(a)),
  Rsqrt: (a) => tf.rsqrt(tf.add(tf.abs(a), tf.scalar(1, 'int32'))),
  Reciprocal: (a) => tf.reciprocal(a),
  Exp: tf.exp,
  Log: (a) => tf.log(a),
  Tanh: tf.tanh,
  Sigmoid: tf.sigmoid,
  Erf: (a) => tf.erf(tf.cast(a, 'int32')),
  Relu: tf.relu,
  Relu6: tf.relu6,
  Elu: tf.elu,
  LeakyRelu: (a) => tf.leakyRelu(a, 0.1),
  Step: (a) => tf.step(a, 0.5),
  ClipByValue: (a) => tf.clipByValue(a, -2, 3),
  Sign: tf.sign,
  Floor: tf.floor,
  Ceil: tf.ceil,
  Add: tf.add,
  Sub: tf.sub,
  Multiply: tf.mul,
  RealDiv: (a, b) => tf.div(a, tf.add(tf.square(b), tf.scalar(1, 'int32'))),
  Maximum: tf.maximum,
  Minimum: tf.minimum,
  SquaredDifference: tf.squaredDifference,
  AddN: (a, b) => tf.addN([a, b, a]),
  Slice: (a) => tf.slice(a, [1, 2], [3, 4]),
  SplitV: (a) => tf.split(a, [2, 5], 1),
  Concat: (a, b) => tf.concat([a, b], 1),
  PadV2: (a) =>
    tf.pad(a, [
      [1, 2],
      [0, 1],
    ]),
  Transpose: (a) => tf.transpose(a),
  Sum: (a) => [tf.sum(a), tf.sum(a, 0), tf.sum(a, 1)],
  Mean: (a) => [tf.mean(a), tf.mean(a, 0), tf.mean(a, 1)],
  Max: (a) => [tf.max(a), tf.max(a, 1)],
  Min: (a) => [tf.min(a), tf.min(a, 1)],
  BatchMatMul: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true),
  _FusedMatMul: (a, b) =>
    tf.fused.matMul({
      a: a as tf.Tensor2D,
      b: b as tf.Tensor2D,
      transposeB: true,
      activation: 'relu',
    }),
  Softmax: (a) => tf.softmax(a),
  GatherV2: (a) => [tf.gather(a, index()), tf.gather(a, index(), 1)],
  GatherNd: (a) => tf.gatherND(a, tf.reshape(index(), [3, 1])),
  UnsortedSegmentSum: (a) => tf.unsortedSegmentSum(tf.slice(a, 0, 3), index(), 6),
  Cast: (a) => [tf.cast(a, 'float32'), tf.cast(a, 'int32'), tf.cast(a, 'bool')],
  Select: (a, b) => tf.where(tf.cast(b, 'bool'), a, b),
  ZerosLike: tf.zerosLike,
  OnesLike: tf.onesLike,
  Tile: (a) => [tf.tile(a, [3, 1]), tf.tile(a, [1, 2])],
};

type Result = { readonly dtype: string; readonly shape: number[]; readonly values: number[] };

async function resultsOn(backend: string, call: Call, type: Types): Promise<Result[] | string> {
  await tf.setBackend(backend);
  return tf.tidy((): never => {
    try {
      const out = call(make(type, 1, [5, 7]), make(type, 2, [5, 7]));
      const list = Array.isArray(out) ? out : [out];
      return list.map((t) => ({
        dtype: t.dtype,
        shape: t.shape,
        values: Array.from(t.dataSync()),
      })) as never;
    } catch {
      return 'refused' as never; // by both, then
    }
  });
}

describe('kernels on tensors of int32 and bool', () => {
  it('has a call for every kernel', () => {
    const plain = kernelNames.filter((name) => !name.startsWith('twocan.'));
    expect(Object.keys(CALLS).toSorted()).toEqual(plain.toSorted());
  });

  for (const type of ['int32', 'bool'] as const) {
    it.each(Object.keys(CALLS))(`%s of ${type} is the cpu backend's`, async (name) => {
      const call = CALLS[name] as Call;
      const expected = await resultsOn('cpu', call, type);
      for (const { name: backend } of variants) {
        const got = await resultsOn(backend, call, type);
        if (typeof expected === 'string' || typeof got === 'string') {
          expect(got).toEqual(expected);
          continue;
        }
        expect(got.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
          expected.map(({ dtype, shape }) => ({ dtype, shape })),
        );
        got.forEach(({ values }, i) => {
          values.forEach((value, j) => {
            const want = expected[i]?.values[j] as number;
            if (Number.isFinite(want)) expect(value).toBeCloseTo(want, 4);
            else expect(value).toBe(want);
          });
        });
      }
    });
  }
});
