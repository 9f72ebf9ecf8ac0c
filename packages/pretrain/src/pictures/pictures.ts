import { expectType } from '@twocan/core';
import { toPixels } from '@twocan/data';
import { expectPixelConfig, type FeatureConfig } from '../features/config.ts';

/** An 8-bit RGB picture: rows from the top, channels innermost. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]` */
  readonly data: Uint8ClampedArray;
};

/**
 * Normalised pixels as pictures.
 *
 * @param pixels `[M, size, size, 3]`
 * @param config image size and normalisation of the run
 * @returns M pictures
 * @throws RangeError for pixels that are not those of whole images
 * @example
 * const [first] = picturesOf(await plainViews(dataset, [0], { size: 32 }), config);
 */
export function picturesOf(pixels: Float32Array, config: FeatureConfig): Picture[] {
  expectType('picturesOf', 'pixels', pixels, Float32Array);
  expectPixelConfig('picturesOf', config);
  const side = config.model.encoder.image.width;
  const each = side * side * 3;
  if (pixels.length % each !== 0) {
    throw new RangeError(
      `picturesOf: pixels must be those of images of ${side} x ${side}, got ${pixels.length} numbers`,
    );
  }
  const colours = toPixels(pixels, config.normalization);
  return Array.from({ length: pixels.length / each }, (_, i) => ({
    width: side,
    height: side,
    data: colours.subarray(i * each, (i + 1) * each),
  }));
}
