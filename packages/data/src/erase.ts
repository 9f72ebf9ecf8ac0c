import { fold, type Key, normal, uniform } from '@twocan/core';
import type { Crop } from './crop.ts';

/** A rectangle of noise: plain JSON. */
export type Erasure = { readonly box: Crop; readonly noise: Key };

// Of timm's RandomErasing: share of the area, and height over width.
const [AREA, ASPECT] = [[0.02, 1 / 3] as const, 0.3];

/**
 * Draws the rectangle that is erased from a view: 2 to 33 % of its area, height over width 0.3 to 3.3,
 * evenly in the logarithm; ten tries to find one smaller than the view.
 *
 * @param key of this view alone
 * @param size side of the view in pixels
 * @returns the rectangle, with the key of its noise; nothing where no try fits
 * @example
 * const erasure = sampleErasure(key(0), 32);
 *
 * Zhong et al., arXiv 1708.04896, as MAE fine-tunes.
 */
export function sampleErasure(key: Key, size: number): Erasure | undefined {
  const draws = uniform(fold(key, 'box'), 40);
  for (let attempt = 0; attempt < 10; attempt++) {
    const [forArea = 0, forAspect = 0, forX = 0, forY = 0] = draws.subarray(4 * attempt);
    const area = size ** 2 * (AREA[0] + forArea * (AREA[1] - AREA[0]));
    const aspect = ASPECT ** (1 - 2 * forAspect);
    const height = Math.round(Math.sqrt(area * aspect));
    const width = Math.round(Math.sqrt(area / aspect));
    if (height >= size || width >= size) continue;
    const x = Math.floor(forX * (size - width + 1));
    const y = Math.floor(forY * (size - height + 1));
    return { box: { x, y, width, height }, noise: fold(key, 'noise') };
  }
  return undefined;
}

/**
 * Replaces a rectangle by standard normal noise, pixel by pixel, in place.
 *
 * @param pixels `[size, size, 3]`, normalised: noise is then as strong as pictures are; overwritten
 * @param size side in pixels
 * @param erasure of {@link sampleErasure}
 * @example
 * erase(pixels, 32, { box: { x: 4, y: 4, width: 8, height: 6 }, noise: key(1) });
 */
export function erase(pixels: Float32Array, size: number, { box, noise }: Erasure): void {
  const values = normal(noise, 3 * box.width * box.height);
  for (let row = 0; row < box.height; row++) {
    const line = values.subarray(3 * row * box.width, 3 * (row + 1) * box.width);
    pixels.set(line, 3 * ((box.y + row) * size + box.x));
  }
}
