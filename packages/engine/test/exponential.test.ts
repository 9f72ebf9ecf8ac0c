import { exp, setBackend, tensor1d } from '@tensorflow/tfjs-core';
import { engineVariants } from '@twocan/testkit';
import { expect, it } from 'vitest';

it.each(engineVariants([1]))('exp is right up to where float32 ends ($name)', async ({ name }) => {
  await setBackend(name);
  const x = [-104, -100, -88, -87.5, -87.2, -1, 0, 1, 87, 88, 88.3, 88.6, 88.7];
  const y = exp(tensor1d(x)).dataSync();
  x.forEach((value, i) => {
    const want = Math.exp(Math.fround(value));
    expect(Math.abs((y[i] ?? Number.NaN) - want)).toBeLessThanOrEqual(1e-6 * want + 1e-44);
  });
  const ends = exp(tensor1d([88.8, 1e30, Infinity, -1e30, -Infinity, Number.NaN])).dataSync();
  expect(Array.from(ends)).toEqual([Infinity, Infinity, Infinity, 0, 0, Number.NaN]);
});
