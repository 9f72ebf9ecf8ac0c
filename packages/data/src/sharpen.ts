import { expectNumber } from '@twocan/core';
import { expectPixels } from './dataset.ts';

/**
 * Sharpens a square picture, or softens it: f·x + (1 − f)·(its 3 x 3 mean, the middle weighing five),
 * clipped to 0 to 1; pixels of the rim stay. torchvision's `adjust_sharpness` of float tensors.
 *
 * @param pixels `[size, size, 3]`, 0 to 1; left as it is
 * @param size side in pixels
 * @param factor 0 or more: below 1 softer, above 1 sharper
 * @returns `[size, size, 3]`
 * @example
 * const crisp = sharpen(pixels, 32, 1.8);
 */
export function sharpen(pixels: Float32Array, size: number, factor: number): Float32Array {
  expectPixels('sharpen', pixels, size);
  expectNumber('sharpen', 'factor', factor, 'be finite', (x) => Math.abs(x) <= 1e6);
  const out = pixels.slice();
  const line = 3 * size;
  for (let row = 1; row < size - 1; row++) {
    for (let i = row * line + 3; i < (row + 1) * line - 3; i++) {
      const own = pixels[i] as number;
      let sum = 4 * own;
      for (const from of [i - line, i, i + line]) {
        sum += (pixels[from - 3] as number) + (pixels[from] as number);
        sum += pixels[from + 3] as number;
      }
      out[i] = Math.min(1, Math.max(0, factor * own + ((1 - factor) * sum) / 13));
    }
  }
  return out;
}
