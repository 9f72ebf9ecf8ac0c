import { expectNumber, expectOptions, expectType, refuse } from '@twocan/core';
import { expectPixels } from './dataset.ts';
import { IMAGENET_MEAN } from './normalize.ts';

const KINDS = ['shearX', 'shearY', 'translateX', 'translateY', 'rotate'] as const;

/**
 * One movement of the pixels. `amount` is, for the shears, pixels per pixel; for the translations a share
 * of the side, to the left and up where positive; for `rotate` degrees, counter-clockwise.
 */
export type Warp = { readonly kind: (typeof KINDS)[number]; readonly amount: number };

/** Whether an operation moves pixels. */
export const isWarp = (operation: { readonly kind: string }): operation is Warp =>
  KINDS.some((kind) => kind === operation.kind);

/** u = a·x + b·y + c and v = d·x + e·y + f: where a place of the result comes from. */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * Shears, shifts or turns a square picture; shears keep the upper left corner, turns the centre.
 *
 * Bilinear between pixel centres, as PIL and so timm: a place outside has the colour `fill`, one inside
 * looks no further than the rim.
 *
 * @param pixels `[size, size, 3]`, 0 to 1; left as it is
 * @param size side in pixels
 * @param warp what to do
 * @param fill colour, 0 to 1; by default ImageNet's mean
 * @returns `[size, size, 3]`
 * @example
 * const turned = warpImage(pixels, 32, { kind: 'rotate', amount: 27 });
 */
export function warpImage(
  pixels: Float32Array,
  size: number,
  warp: Warp,
  fill: readonly number[] = IMAGENET_MEAN,
): Float32Array {
  expectPixels('warpImage', pixels, size);
  expectOptions('warpImage', 'warp', warp, ['kind', 'amount'], []);
  if (!isWarp(warp)) refuse('warpImage', 'warp.kind', `be one of ${KINDS.join(', ')}`, warp);
  const finite = (x: number): boolean => Math.abs(x) <= 1e6;
  expectNumber('warpImage', 'warp.amount', warp.amount, 'lie in [-1e6, 1e6]', finite);
  expectType('warpImage', 'fill', fill, Array);
  for (const x of fill)
    expectNumber('warpImage', 'fill', x, 'hold finite numbers', Number.isFinite);
  if (fill.length !== 3) refuse('warpImage', 'fill', 'hold three numbers', fill);
  const [a, b, c, d, e, f] = affineOf(warp, size);
  const out = new Float32Array(pixels.length);
  const last = size - 1;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [column + 0.5, row + 0.5];
      const [u, v] = [a * x + b * y + c - 0.5, d * x + e * y + f - 0.5];
      const to = 3 * (row * size + column);
      if (u < -0.5 || v < -0.5 || u >= size - 0.5 || v >= size - 0.5) {
        out.set(fill, to);
        continue;
      }
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [right, down] = [u - left, v - top];
      const [west, east] = [3 * Math.max(0, left), 3 * Math.min(last, left + 1)];
      const [north, south] = [3 * size * Math.max(0, top), 3 * size * Math.min(last, top + 1)];
      for (let c = 0; c < 3; c++) {
        const at = (from: number): number => pixels[from + c] as number;
        const upper = at(north + west) + right * (at(north + east) - at(north + west));
        const lower = at(south + west) + right * (at(south + east) - at(south + west));
        out[to + c] = upper + down * (lower - upper);
      }
    }
  }
  return out;
}

function affineOf({ kind, amount }: Warp, size: number): Affine {
  if (kind === 'shearX') return [1, amount, 0, 0, 1, 0];
  if (kind === 'shearY') return [1, 0, 0, amount, 1, 0];
  if (kind === 'translateX') return [1, 0, amount * size, 0, 1, 0];
  if (kind === 'translateY') return [1, 0, 0, 0, 1, amount * size];
  const [cos, sin] = [Math.cos((amount * Math.PI) / 180), Math.sin((amount * Math.PI) / 180)];
  const centre = size / 2;
  return [cos, -sin, centre * (1 - cos + sin), sin, cos, centre * (1 - cos - sin)];
}
