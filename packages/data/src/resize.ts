import { expectInteger, expectType, refuse } from '@twocan/core';
import { type Interpolation, resamplingTaps } from '@twocan/patches';
import { type Crop, expectCrop } from './crop.ts';
import { expectImage, type Image } from './dataset.ts';

/**
 * Cuts a rectangle out and resizes it, as torchvision does on tensors (antialiased): a filter as wide
 * as the shrinking needs, over the crop alone.
 *
 * @param image the source
 * @param crop a rectangle inside it
 * @param size side of the result in pixels
 * @param flip mirror left and right
 * @param interpolation the filter; a triangle by default
 * @returns `[size, size, 3]`, 0 to 1
 * @example
 * cropResize(image, { x: 4, y: 0, width: 40, height: 40 }, 32, false);
 */
export function cropResize(
  image: Image,
  crop: Crop,
  size: number,
  flip: boolean,
  interpolation: Interpolation = 'bilinear',
): Float32Array {
  expectImage('cropResize', image);
  expectCrop('cropResize', 'crop', crop, image.width, image.height);
  expectInteger('cropResize', 'size', size, 1, 2 ** 15);
  expectType('cropResize', 'flip', flip, 'boolean');
  if (image.channels !== 3) refuse('cropResize', 'image.channels', 'be 3', image.channels);
  const across = resamplingTaps(crop.width, size, interpolation);
  const down = resamplingTaps(crop.height, size, interpolation);
  const { data, width: sourceWidth } = image;
  const rowLength = size * 3;
  // Across first: rows of the crop become rows of the result's width.
  const narrow = new Float32Array(crop.height * rowLength);
  for (let row = 0; row < crop.height; row++) {
    const from = ((crop.y + row) * sourceWidth + crop.x) * 3;
    for (let column = 0; column < size; column++) {
      const count = across.counts[column] as number;
      const firstWeight = column * across.stride;
      let at = from + (across.starts[column] as number) * 3;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let tap = 0; tap < count; tap++) {
        const weight = across.weights[firstWeight + tap] as number;
        r += weight * (data[at] as number);
        g += weight * (data[at + 1] as number);
        b += weight * (data[at + 2] as number);
        at += 3;
      }
      const to = row * rowLength + (flip ? size - 1 - column : column) * 3;
      narrow[to] = r / 255;
      narrow[to + 1] = g / 255;
      narrow[to + 2] = b / 255;
    }
  }
  const out = new Float32Array(size * rowLength);
  for (let row = 0; row < size; row++) {
    const to = row * rowLength;
    const count = down.counts[row] as number;
    const start = down.starts[row] as number;
    for (let tap = 0; tap < count; tap++) {
      const weight = down.weights[row * down.stride + tap] as number;
      const from = (start + tap) * rowLength;
      for (let i = 0; i < rowLength; i++) {
        out[to + i] = (out[to + i] as number) + weight * (narrow[from + i] as number);
      }
    }
  }
  // The wider filters have negative weights, and so colours outside of the range.
  return interpolation === 'bilinear' ? out : out.map((x) => Math.min(1, Math.max(0, x)));
}
