import { expectInteger, expectOptions, type Key, uniform } from '@twocan/core';

/** A rectangle of whole source pixels. */
export type Crop = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** How crops vary. */
export type CropRanges = {
  /** Share of the source's area that a crop takes. */
  readonly scale: readonly [number, number];
  /** Width over height of a crop, drawn uniformly in the logarithm. */
  readonly aspect: readonly [number, number];
};

type Sides = Pick<Crop, 'width' | 'height'>;

/**
 * Draws torchvision's RandomResizedCrop: ten tries, then the largest centre crop of a legal aspect.
 *
 * @param key of this crop alone
 * @param source width and height of the picture in pixels
 * @param settings ranges of the area's share and of width over height
 * @returns a rectangle inside the picture
 */
export function sampleCrop(key: Key, source: Sides, ranges: CropRanges): Crop {
  const { width, height } = source;
  const drawn = sampleRectangle(key, source, ranges, (w, h) => w <= width && h <= height);
  if (drawn !== undefined) return drawn;
  const [narrowest, widest] = ranges.aspect;
  const ratio = Math.min(widest, Math.max(narrowest, width / height));
  return centreCrop(
    source,
    Math.max(1, Math.min(width, Math.round(height * ratio))),
    Math.max(1, Math.min(height, Math.round(width / ratio))),
  );
}

/** Ten tries to draw a rectangle that fits, anywhere in a picture; nothing where none does. */
export function sampleRectangle(
  key: Key,
  { width, height }: Sides,
  { scale, aspect }: CropRanges,
  fits: (width: number, height: number) => boolean,
): Crop | undefined {
  const draws = uniform(key, 40);
  for (let attempt = 0; attempt < 10; attempt++) {
    const [forArea, forAspect, forX, forY] = draws.subarray(4 * attempt, 4 * attempt + 4);
    const area = width * height * between(forArea, scale[0], scale[1]);
    const ratio = Math.exp(between(forAspect, Math.log(aspect[0]), Math.log(aspect[1])));
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w > 0 && h > 0 && fits(w, h)) {
      const x = Math.floor(between(forX, 0, width - w + 1));
      const y = Math.floor(between(forY, 0, height - h + 1));
      return { x, y, width: w, height: h };
    }
  }
  return undefined;
}

/** The rectangle of that size in the middle of a picture. */
export function centreCrop(source: Sides, width: number, height: number): Crop {
  const x = Math.floor((source.width - width) / 2);
  const y = Math.floor((source.height - height) / 2);
  return { x, y, width, height };
}

const between = (u: number | undefined, low: number, high: number): number =>
  low + (high - low) * (u ?? 0);

/** Checks that an argument is a rectangle of whole pixels within a picture. */
export function expectCrop(
  caller: string,
  argument: string,
  crop: Crop,
  width: number,
  height: number,
): void {
  expectOptions(caller, argument, crop, ['x', 'y', 'width', 'height']);
  expectInteger(caller, `${argument}.x`, crop.x, 0, width - 1);
  expectInteger(caller, `${argument}.y`, crop.y, 0, height - 1);
  expectInteger(caller, `${argument}.width`, crop.width, 1, width - crop.x);
  expectInteger(caller, `${argument}.height`, crop.height, 1, height - crop.y);
}
