import { grads, mul, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** How closely a gradient must follow central differences. */
export type GradientCheck = {
  readonly step?: number;
  readonly rtol?: number;
  readonly atol?: number;
};

/**
 * Compares the gradient of `Σ w·f(inputs)` (fixed uneven weights w) with central differences.
 *
 * @param f a differentiable function of tensors, giving one tensor
 * @param inputs where to differentiate; keep them small, each element costs two evaluations
 * @example
 * checkGradient(gelu, [tensor1d([-1, 0.5, 2])]);
 */
export function checkGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { step = 1e-2, rtol = 2e-2, atol = 2e-3 }: GradientCheck = {},
): void {
  const weighted = (...args: Tensor[]): Tensor =>
    tidy(() => {
      const y = f(...args);
      const weights = Float32Array.from({ length: y.size }, (_, i) => Math.cos(1 + 1.7 * i));
      return sum(mul(y, tensor(weights, y.shape)));
    });
  const analytic = grads(weighted)([...inputs]);
  inputs.forEach((input, which) => {
    const values = Float32Array.from(input.dataSync());
    const got = (analytic[which] as Tensor).dataSync();
    const at = (i: number, shift: number): number =>
      tidy(() => {
        const moved = Float32Array.from(values);
        moved[i] = (values[i] ?? 0) + shift;
        const args = inputs.map((t, j) => (j === which ? tensor(moved, t.shape) : t));
        return weighted(...args).dataSync()[0] ?? Number.NaN;
      });
    for (let i = 0; i < values.length; i++) {
      const want = (at(i, step) - at(i, -step)) / (2 * step);
      const allowed = atol + rtol * Math.abs(want);
      expect(
        Math.abs((got[i] ?? Number.NaN) - want),
        `input ${which}[${i}]: gradient ${got[i]}, central difference ${want}`,
      ).toBeLessThanOrEqual(allowed);
    }
  });
  for (const gradient of analytic) gradient.dispose();
}
