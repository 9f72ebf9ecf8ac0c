import { expectNumber } from '@twocan/core';
import { expectPixels } from './dataset.ts';

/**
 * Gaussian blur of a square picture: separable, edges mirrored without repeating the border pixel,
 * the kernel cut at 3σ. Equal to torchvision's `gaussian_blur` with kernel size 2⌈3σ⌉ + 1.
 *
 * @param pixels `[size, size, 3]`; left as it is
 * @param size side in pixels
 * @param sigma standard deviation in pixels, above 0
 * @returns `[size, size, 3]`
 * @example
 * const soft = gaussianBlur(pixels, 64, 0.5);
 */
export function gaussianBlur(pixels: Float32Array, size: number, sigma: number): Float32Array {
  expectPixels('gaussianBlur', pixels, size);
  const fits = (x: number): boolean => x > 0 && x <= 1e4;
  expectNumber('gaussianBlur', 'sigma', sigma, 'lie in (0, 10000]', fits);
  const kernel = gaussianKernel(sigma);
  const across = convolve(pixels, size, kernel, 3, size * 3);
  return convolve(across, size, kernel, size * 3, 3);
}

function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  return kernel.map((weight) => weight / total);
}

/** One pass along the axis whose neighbours lie `step` apart; `other` is the step of the other axis. */
function convolve(
  pixels: Float32Array,
  size: number,
  kernel: Float64Array,
  step: number,
  other: number,
): Float32Array {
  const out = new Float32Array(pixels.length);
  const radius = (kernel.length - 1) / 2;
  for (let along = 0; along < size; along++) {
    for (let tap = 0; tap < kernel.length; tap++) {
      const weight = kernel[tap] as number;
      const from = mirror(along + tap - radius, size) * step;
      for (let line = 0; line < size; line++) {
        const to = along * step + line * other;
        const source = from + line * other;
        out[to] = (out[to] as number) + weight * (pixels[source] as number);
        out[to + 1] = (out[to + 1] as number) + weight * (pixels[source + 1] as number);
        out[to + 2] = (out[to + 2] as number) + weight * (pixels[source + 2] as number);
      }
    }
  }
  return out;
}

/** Reflects a position into 0 … size-1 as often as needed: -1 → 1, size → size-2. */
function mirror(position: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const inside = ((position % period) + period) % period;
  return inside < size ? inside : period - inside;
}
