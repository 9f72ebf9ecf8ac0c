import { expectInteger, expectKey, expectOptions, fold, type Key, normal } from '@twocan/core';
import { type Crop, type CropRanges, expectCrop, sampleRectangle } from './crop.ts';
import { expectPixels } from './dataset.ts';

/** A rectangle of noise: plain JSON. */
export type Erasure = { readonly box: Crop; readonly noise: Key };

/** Of timm's RandomErasing. */
const RANGES: CropRanges = { scale: [0.02, 1 / 3], aspect: [1 / 0.3, 0.3] };

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
  expectKey('sampleErasure', 'key', key);
  expectInteger('sampleErasure', 'size', size, 1, 2 ** 15);
  const view = { width: size, height: size };
  const box = sampleRectangle(fold(key, 'box'), view, RANGES, (w, h) => w < size && h < size);
  return box && { box, noise: fold(key, 'noise') };
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
export function erase(pixels: Float32Array, size: number, erasure: Erasure): void {
  expectPixels('erase', pixels, size);
  expectOptions('erase', 'erasure', erasure, ['box', 'noise'], []);
  const { box, noise } = erasure;
  expectKey('erase', 'erasure.noise', noise);
  expectCrop('erase', 'erasure.box', box, size, size);
  const values = normal(noise, 3 * box.width * box.height);
  for (let row = 0; row < box.height; row++) {
    const line = values.subarray(3 * row * box.width, 3 * (row + 1) * box.width);
    pixels.set(line, 3 * ((box.y + row) * size + box.x));
  }
}
