import { expectNumber, expectOptions, refuse } from '@twocan/core';
import { expectPixels } from './dataset.ts';
import { changeTones, isToneChange, type ToneChange } from './tones.ts';

/** One colour change. `amount` is a factor around 1; for `hue` a shift in turns, -½ to ½. */
export type ColourChange =
  | ToneChange
  | {
      readonly kind: 'brightness' | 'contrast' | 'saturation' | 'hue';
      readonly amount: number;
    };

// Weights of the channels in grey: ITU-R 601, in torchvision's four digits.
const [RED, GREEN, BLUE] = [0.2989, 0.587, 0.114];

const clamp = (x: number): number => Math.min(1, Math.max(0, x));

/**
 * One colour change, in place, with torchvision's meaning on tensors in 0 to 1.
 *
 * brightness: f·x; contrast: f·x + (1-f)·mean grey of the picture; saturation: f·x + (1-f)·grey of
 * the pixel; hue: a turn in HSV. All are clipped to 0 to 1. The others are those of {@link ToneChange}.
 *
 * @param pixels `[..., 3]`, 0 to 1; overwritten
 * @param change what to do
 * @example
 * changeColour(pixels, { kind: 'hue', amount: 0.5 });
 */
export function changeColour(pixels: Float32Array, change: ColourChange): void {
  expectPixels('changeColour', pixels);
  expectOptions('changeColour', 'change', change, ['kind', 'amount'], []);
  const { kind, amount } = change;
  const known = ['brightness', 'contrast', 'saturation', 'hue'].includes(kind);
  if (!known && !isToneChange(change)) {
    refuse('changeColour', 'change.kind', 'be a change of colours', kind);
  }
  const fits = (x: number): boolean => Math.abs(x) <= 1e6;
  expectNumber('changeColour', 'change.amount', amount, 'lie in [-1e6, 1e6]', fits);
  if (isToneChange(change)) changeTones(pixels, change);
  else if (kind === 'hue') shiftHue(pixels, amount);
  else if (kind === 'saturation') blendWithGrey(pixels, amount);
  else blendWithConstant(pixels, amount, kind === 'contrast' ? meanGrey(pixels) : 0);
}

/**
 * Replaces each pixel by its grey, in all three channels, in place.
 *
 * @param pixels `[..., 3]`, 0 to 1; overwritten
 * @example
 * toGrey(pixels);
 */
export function toGrey(pixels: Float32Array): void {
  expectPixels('toGrey', pixels);
  blendWithGrey(pixels, 0);
}

function blendWithConstant(pixels: Float32Array, factor: number, other: number): void {
  const offset = (1 - factor) * other;
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = clamp(factor * (pixels[i] as number) + offset);
  }
}

function blendWithGrey(pixels: Float32Array, factor: number): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    const grey = (1 - factor) * (RED * r + GREEN * g + BLUE * b);
    pixels[i] = clamp(factor * r + grey);
    pixels[i + 1] = clamp(factor * g + grey);
    pixels[i + 2] = clamp(factor * b + grey);
  }
}

function meanGrey(pixels: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    sum +=
      RED * (pixels[i] as number) +
      GREEN * (pixels[i + 1] as number) +
      BLUE * (pixels[i + 2] as number);
  }
  return sum / (pixels.length / 3);
}

function shiftHue(pixels: Float32Array, turns: number): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    const value = Math.max(r, g, b);
    const spread = value - Math.min(r, g, b);
    // A grey has no hue to shift.
    if (spread === 0) continue;
    let sixths = 0;
    if (value === r) sixths = (g - b) / spread;
    else if (value === g) sixths = 2 + (b - r) / spread;
    else sixths = 4 + (r - g) / spread;
    const shifted = sixths + 6 * turns;
    pixels[i] = channelOf(shifted + 5, value, spread);
    pixels[i + 1] = channelOf(shifted + 3, value, spread);
    pixels[i + 2] = channelOf(shifted + 1, value, spread);
  }
}

/** value - spread·clamp(min(k, 4-k)), k in sixths of a turn: HSV to one channel without cases. */
function channelOf(sixths: number, value: number, spread: number): number {
  const k = sixths - 6 * Math.floor(sixths / 6);
  return clamp(value - spread * clamp(Math.min(k, 4 - k)));
}
