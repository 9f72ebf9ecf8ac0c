import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { engineVariants } from '@twocan/testkit';
import fc from 'fast-check';
import { expect } from 'vitest';

tf.enableProdMode();

// Work on the cpu backend and on each variant of each engine, compared: shapes at random, also empty ones and
// such as no vector length divides, with NaN and infinities among the numbers.
export const variants = engineVariants([2, 1]);
const RUNS = 60;

/** The length of an axis, often small, sometimes 0. */
export const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 70 }) },
  { weight: 1, arbitrary: fc.constant(0) },
);
export const shape = (min: number, max: number) =>
  fc.array(size, { minLength: min, maxLength: max });
export const seed = fc.integer({ min: 1, max: 1e6 });

/** What few tests think of. */
export const NOT_FINITE: readonly number[] = [Number.NaN, Infinity, -Infinity, 0, -0];
/** The same and huge ones, which drown what they are added to: not for sums. */
export const ODD: readonly number[] = [...NOT_FINITE, 1e30, -1e-30];

/** Numbers of a seed, a few of them odd where some are given. */
export function numbers(
  from: number,
  dims: readonly number[],
  odd: readonly number[] = [],
): Float32Array {
  let state = from;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => {
    const pick = next();
    const value = 6 * next() - 3;
    return pick < 0.08 ? (odd[Math.floor((pick / 0.08) * odd.length)] ?? value) : value;
  });
}

type Result = { readonly shape: number[]; readonly values: Float32Array };

async function compute(backend: string, work: () => tf.Tensor | tf.Tensor[]): Promise<Result[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const out = tf.tidy(() => {
    const result = work();
    return Array.isArray(result) ? result : [result];
  });
  const read = out.map((t) => ({ shape: t.shape, values: Float32Array.from(t.dataSync()) }));
  tf.dispose(out);
  expect(tf.memory().numTensors).toBe(before);
  return read;
}

/** What is none of the numbers must be the same; or, `alike`, none as well: of a sum of infinities and NaN the order decides which. */
type NotFinite = 'same' | 'alike';

/** Close for numbers. */
function expectSame(
  ours: Result[],
  theirs: Result[],
  tolerance: number,
  notFinite: NotFinite = 'same',
): void {
  expect(ours.map((r) => r.shape)).toEqual(theirs.map((r) => r.shape));
  ours.forEach(({ values }, t) => {
    const expected = theirs[t]?.values ?? new Float32Array(0);
    values.forEach((value, i) => {
      const right = expected[i] as number;
      const fine =
        Object.is(value, right) ||
        value === right ||
        (Number.isNaN(value) && Number.isNaN(right)) ||
        (notFinite === 'alike' && !Number.isFinite(value) && !Number.isFinite(right)) ||
        Math.abs(value - right) <= tolerance * Math.max(1, Math.abs(right));
      if (!fine) expect.fail(`output ${t}[${i}] of [${ours[t]?.shape}]: ${value}, cpu ${right}`);
    });
  });
}

/** The same within a tolerance of the cpu backend's; and the same bits for any number of threads. */
export async function agree(
  work: () => tf.Tensor | tf.Tensor[],
  tolerance = 2e-5,
  notFinite: NotFinite = 'same',
): Promise<void> {
  const expected = await compute('cpu', work);
  const firsts = new Map<string, Result[]>();
  for (const { name, arithmetic } of variants) {
    const result = await compute(name, work);
    expectSame(result, expected, tolerance, notFinite);
    const first = firsts.get(arithmetic);
    if (first === undefined) firsts.set(arithmetic, result);
    else expect(result, name).toEqual(first);
  }
}

/** Checks a property on random values. */
export const check = <T>(
  values: fc.Arbitrary<T>,
  body: (value: T) => Promise<void>,
): Promise<void> => fc.assert(fc.asyncProperty(values, body), { numRuns: RUNS });
