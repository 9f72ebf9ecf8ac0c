import { grads, mul, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** How closely a gradient must follow differences. */
export type GradientCheck = {
  /** Distance of the nearest of four points, in units of the inputs. */
  readonly step?: number;
  /** Share of itself, or of an eighth of the input's largest, by which an element may differ. */
  readonly rtol?: number;
};

/**
 * Compares the gradient of `Σ w·f(inputs)` (fixed uneven weights w) with differences of fourth order.
 *
 * ∂f/∂x ≈ (8(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h. Outputs are float32, and weighted and summed
 * in float64: a step as long as 0.02 then leaves an error below 0.1 %, and a gradient that is wrong by
 * 0.3 % anywhere that matters is found.
 *
 * @param f a differentiable function of tensors, giving one tensor; smooth within two steps of the inputs
 * @param inputs where to differentiate; keep them small, each element costs four evaluations
 * @example
 * checkGradient(gelu, [tensor1d([-1, 0.5, 2])]);
 */
export function checkGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { step = 0.02, rtol = 1e-3 }: GradientCheck = {},
): void {
  // Of both signs, from 1 to 2: none so small that the gradient behind it hardly counts.
  const weight = (i: number): number => (i % 2 === 0 ? 1 : -1) * (1 + ((0.618 * i) % 1));
  const weighted = (...args: Tensor[]): Tensor =>
    tidy(() => {
      const y = f(...args);
      const weights = Float32Array.from({ length: y.size }, (_, i) => weight(i));
      return sum(mul(y, tensor(weights, y.shape)));
    });
  const analytic = grads(weighted)([...inputs]);
  inputs.forEach((input, which) => {
    const values = Float32Array.from(input.dataSync());
    const got = (analytic[which] as Tensor).dataSync();
    const at = (input: Float32Array): number =>
      tidy(() => {
        const args = inputs.map((t, j) => (j === which ? tensor(input, t.shape) : t));
        return f(...args)
          .dataSync<'float32'>()
          .reduce((sum, y, k) => sum + weight(k) * y, 0);
      });
    const slope = (i: number, by: number): number => {
      const [above, below] = [values.slice(), values.slice()];
      above[i] = (values[i] ?? Number.NaN) + by;
      below[i] = (values[i] ?? Number.NaN) - by;
      // The steps as float32 has them.
      return (at(above) - at(below)) / ((above[i] ?? Number.NaN) - (below[i] ?? Number.NaN));
    };
    const want = Array.from(values, (_, i) => (4 * slope(i, step) - slope(i, 2 * step)) / 3);
    const largest = Math.max(...want.map(Math.abs));
    want.forEach((expected, i) => {
      expect(
        Math.abs((got[i] ?? Number.NaN) - expected),
        `input ${which}[${i}]: gradient ${got[i]}, by differences ${expected}`,
      ).toBeLessThanOrEqual(rtol * Math.max(Math.abs(expected), largest / 8));
    });
  });
  for (const gradient of analytic) gradient.dispose();
}
