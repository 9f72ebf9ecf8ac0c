import {
  expectInteger,
  expectKey,
  expectOptions,
  fold,
  type Key,
  normal,
  uniform,
} from '@twocan/core';
import { checkIndex, type Dataset, type Image } from './dataset.ts';
import { FIGURES, type Figure } from './figures.ts';

type Colour = readonly [number, number, number];

/** Where a figure is and how it is painted; lengths as a share of the picture's side. */
type Scene = {
  readonly figure: Figure;
  readonly x: number;
  readonly y: number;
  /** Figure units in one picture side. */
  readonly unitsPerSide: number;
  readonly angle: number;
  readonly background: readonly [Colour, Colour];
  readonly gradientAngle: number;
  readonly foreground: readonly [Colour, Colour];
};

/** Standard deviation of the pixel noise, of 1. */
const NOISE = 0.02;

/**
 * A procedural data set: ten figures and textures, anywhere, at any angle, in any colour.
 *
 * Picture i shows class i mod 10, a pure function of (key, i, size). Colour and place say nothing of
 * the class, so nearest neighbours of raw pixels do poorly and features that ignore crops and
 * colours do well.
 *
 * @param options.key which pictures; fold it by split (`fold(key, 'train')`)
 * @param options.count how many
 * @param options.size side in pixels, 8 or more
 * @returns a labelled data set of square RGB pictures
 * @throws RangeError if count or size is out of range
 * @example
 * const train = shapes({ key: fold(key(0), 'train'), count: 1000, size: 32 });
 */
export function shapes(options: { key: Key; count: number; size: number }): Dataset {
  expectOptions('shapes', 'options', options, ['key', 'count', 'size'], []);
  const { key, count, size } = options;
  expectKey('shapes', 'key', key);
  expectInteger('shapes', 'count', count);
  expectInteger('shapes', 'size', size, 8, 2 ** 13);
  return {
    length: count,
    classes: FIGURES.map((figure) => figure.name),
    labels: Int32Array.from({ length: count }, (_, i) => i % FIGURES.length),
    name: (index) => `${FIGURES[index % FIGURES.length]?.name ?? ''}-${index}`,
    image: async (index) => {
      checkIndex('shapes', count, index);
      return drawShape(key, index, size);
    },
  };
}

/**
 * One picture of the data set.
 *
 * @param key the data set's key
 * @param index the picture; its class is `index % 10`
 * @param size side in pixels; the same scene at every size (only the noise is per pixel)
 * @returns the picture, `[size, size, 3]`
 * @example
 * const star = drawShape(key(0), 4, 64);
 */
export function drawShape(key: Key, index: number, size: number): Image {
  expectKey('drawShape', 'key', key);
  expectInteger('drawShape', 'index', index, 0);
  expectInteger('drawShape', 'size', size, 1, 2 ** 13);
  const own = fold(key, index);
  return paint(sampleScene(own, index), normal(fold(own, 'noise'), size * size * 3), size);
}

function sampleScene(key: Key, index: number): Scene {
  const draws = uniform(fold(key, 'scene'), 20);
  let next = 0;
  const between = (low: number, high: number): number => low + (high - low) * (draws[next++] ?? 0);
  const figure = FIGURES[index % FIGURES.length] as Figure;
  const radius = between(0.2, 0.42);
  const periods = between(2.2, 4.2);
  const place = between(0.28, 0.72);
  const otherPlace = between(0.28, 0.72);
  const angle = between(0, 2 * Math.PI);
  // One tone is dark and one is light, so that a figure stays visible in grey.
  const tones: [number, number] = [between(0.12, 0.42), between(0.62, 0.98)];
  if (between(0, 1) < 0.5) tones.reverse();
  const hue = between(0, 1);
  const otherHue = hue + between(0.2, 0.8);
  const drift = between(-0.06, 0.06);
  const shade = between(-0.14, 0.14);
  const saturation = between(0.25, 0.6);
  return {
    figure,
    x: place,
    y: otherPlace,
    unitsPerSide: figure.kind === 'texture' ? periods : 1 / radius,
    angle,
    background: [
      hsv(hue, saturation, tones[0] - shade),
      hsv(hue + drift, saturation, tones[0] + shade),
    ],
    gradientAngle: between(0, 2 * Math.PI),
    foreground: [
      hsv(otherHue, saturation + 0.1, tones[1] + 0.04),
      hsv(otherHue - drift, saturation + 0.1, tones[1] - 0.04),
    ],
  };
}

function paint(scene: Scene, noise: Float32Array, size: number): Image {
  const { figure, background, foreground, unitsPerSide } = scene;
  const data = new Uint8Array(size * size * 3);
  const [cos, sin] = [Math.cos(scene.angle), Math.sin(scene.angle)];
  const [gradientX, gradientY] = [Math.cos(scene.gradientAngle), Math.sin(scene.gradientAngle)];
  const pixelsPerUnit = size / unitsPerSide;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const dx = (column + 0.5) / size - scene.x;
      const dy = (row + 0.5) / size - scene.y;
      const distance = figure.distance(
        (cos * dx + sin * dy) * unitsPerSide,
        (cos * dy - sin * dx) * unitsPerSide,
      );
      const coverage = clamp(0.5 - distance * pixelsPerUnit);
      const along = clamp(0.5 + gradientX * dx + gradientY * dy);
      const at = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const behind = mix(background, along, channel);
        const value = behind + coverage * (mix(foreground, along, channel) - behind);
        data[at + channel] = Math.round(255 * clamp(value + NOISE * (noise[at + channel] ?? 0)));
      }
    }
  }
  return { width: size, height: size, channels: 3, data };
}

const clamp = (x: number): number => Math.min(1, Math.max(0, x));

const mix = (ends: readonly [Colour, Colour], along: number, channel: number): number =>
  (ends[0][channel] ?? 0) * (1 - along) + (ends[1][channel] ?? 0) * along;

function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (n: number): number => {
    const k = (((n + hue * 6) % 6) + 6) % 6;
    return clamp(value) * (1 - saturation * clamp(Math.min(k, 4 - k)));
  };
  return [channel(5), channel(3), channel(1)];
}
