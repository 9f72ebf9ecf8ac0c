import { type Key, uniform } from '@twocan/core';

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
export function sampleCrop(
  key: Key,
  { width, height }: Sides,
  { scale, aspect }: CropRanges,
): Crop {
  const draws = uniform(key, 40);
  for (let attempt = 0; attempt < 10; attempt++) {
    const [forArea, forAspect, forX, forY] = draws.subarray(4 * attempt, 4 * attempt + 4);
    const area = width * height * between(forArea, scale[0], scale[1]);
    const ratio = Math.exp(between(forAspect, Math.log(aspect[0]), Math.log(aspect[1])));
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const x = Math.floor(between(forX, 0, width - w + 1));
      const y = Math.floor(between(forY, 0, height - h + 1));
      return { x, y, width: w, height: h };
    }
  }
  const ratio = Math.min(aspect[1], Math.max(aspect[0], width / height));
  return centreCrop(
    { width, height },
    Math.max(1, Math.min(width, Math.round(height * ratio))),
    Math.max(1, Math.min(height, Math.round(width / ratio))),
  );
}

/** The rectangle of that size in the middle of a picture. */
export function centreCrop(source: Sides, width: number, height: number): Crop {
  const x = Math.floor((source.width - width) / 2);
  const y = Math.floor((source.height - height) / 2);
  return { x, y, width, height };
}

const between = (u: number | undefined, low: number, high: number): number =>
  low + (high - low) * (u ?? 0);
