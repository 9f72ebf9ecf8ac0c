import { expectInteger } from '@twocan/core';
import type { Interpolation } from '@twocan/patches';
import { gaussianBlur } from './blur.ts';
import { changeColour, toGrey } from './colour.ts';
import { expectImage, type Image } from './dataset.ts';
import { expectPlan, type ViewPlan } from './plan.ts';
import type { Operation } from './rand-augment.ts';
import { cropResize } from './resize.ts';
import { sharpen } from './sharpen.ts';
import { changeTones } from './tones.ts';
import { isWarp, warpImage } from './warp.ts';

/**
 * Carries out a plan: crop and resize, flip, operations and jitter, grey, blur, solarize, in this order.
 *
 * Everything is computed in floats and clipped to 0 to 1 after each colour change; nothing is
 * rounded to 8 bits in between (torchvision on PIL pictures does, by up to 1/255 a step).
 *
 * @param image the source, RGB
 * @param plan what to do
 * @param size side of the view in pixels
 * @param interpolation how the crop is resized; bilinear by default
 * @returns `[size, size, 3]`, 0 to 1
 * @throws RangeError if the picture is not RGB, or the crop is empty or leaves it
 * @example
 * const view = applyPlan(image, centrePlan(image), 32);
 */
export function applyPlan(
  image: Image,
  plan: ViewPlan,
  size: number,
  interpolation: Interpolation = 'bilinear',
): Float32Array {
  expectImage('applyPlan', image);
  expectPlan('applyPlan', plan);
  expectInteger('applyPlan', 'size', size, 1, 2 ** 15);
  const { x, y, width, height } = plan.crop;
  if (image.channels !== 3) {
    throw new RangeError(`applyPlan: image must have 3 channels, got ${image.channels}`);
  }
  const inside =
    x >= 0 &&
    y >= 0 &&
    width >= 1 &&
    height >= 1 &&
    x + width <= image.width &&
    y + height <= image.height;
  if (!inside) {
    throw new RangeError(
      `applyPlan: crop must lie inside the ${image.width}x${image.height} picture, ` +
        `got ${JSON.stringify(plan.crop)}`,
    );
  }
  let pixels = cropResize(image, plan.crop, size, plan.flip, interpolation);
  for (const operation of plan.operations) pixels = operate(pixels, size, operation);
  if (plan.grey) toGrey(pixels);
  if (plan.sigma > 0) pixels = gaussianBlur(pixels, size, plan.sigma);
  if (plan.solarize) changeTones(pixels, SOLARIZED);
  return pixels;
}

/** From the middle on, as in BYOL. */
const SOLARIZED = { kind: 'solarize', amount: 0.5 } as const;

/** Colours change in place, places do not. */
function operate(pixels: Float32Array, size: number, operation: Operation): Float32Array {
  if (isWarp(operation)) return warpImage(pixels, size, operation);
  if (operation.kind === 'sharpness') return sharpen(pixels, size, operation.amount);
  changeColour(pixels, operation);
  return pixels;
}
