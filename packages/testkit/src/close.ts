import { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Numbers in any of the forms that tests have at hand. */
export type Numbers = Tensor | ArrayLike<number> | number;

/** |actual - expected| ≤ atol + rtol·|expected|, as numpy's allclose. */
export type Tolerance = { readonly rtol?: number; readonly atol?: number };

const read = (numbers: Numbers): ArrayLike<number> => {
  if (typeof numbers === 'number') return [numbers];
  return numbers instanceof Tensor ? numbers.dataSync() : numbers;
};

/** The worst excess over the tolerance and the worst difference, for reports. */
function worstDifference(actual: Numbers, expected: Numbers): number {
  const [a, e] = [read(actual), read(expected)];
  let worst = a.length === e.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < e.length; i++)
    worst = Math.max(worst, Math.abs((a[i] ?? NaN) - (e[i] ?? NaN)));
  return worst;
}

/**
 * Asserts that two lists of numbers agree element by element.
 *
 * @example
 * expectClose(infoNCE(a, b, { temperature: 0.1 }), 8.6922112, { atol: 1e-5 });
 */
export function expectClose(
  actual: Numbers,
  expected: Numbers,
  { rtol = 1e-5, atol = 1e-6 }: Tolerance = {},
  label = 'values',
): void {
  const [a, e] = [read(actual), read(expected)];
  expect(a.length, `${label}: number of elements`).toBe(e.length);
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < e.length; i++) {
    const [got, want] = [a[i] ?? Number.NaN, e[i] ?? Number.NaN];
    const excess = got === want ? 0 : Math.abs(got - want) - (atol + rtol * Math.abs(want));
    // NaN fails as well: no comparison with it is true.
    if (!(excess <= worstExcess)) [worst, worstExcess] = [i, excess];
  }
  if (worst >= 0) {
    expect.fail(
      `${label}[${worst}]: got ${a[worst]}, expected ${e[worst]} (rtol ${rtol}, atol ${atol}); ` +
        `worst difference ${worstDifference(a, e)}`,
    );
  }
}
