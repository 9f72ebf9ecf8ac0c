import { toPixels } from '@twocan/data';
import sharp from 'sharp';
import { markDrawn } from '../files/drawn-mark.ts';
import { writeOutput } from '../files/outputs.ts';
import type { Sizes } from '../images/features.ts';
import { drawSheet, type Pixels, type SheetRow } from './sheet.ts';

const PICTURE_SIDE = 96;

/** Writes a picture as PNG, marked as one that this program drew. */
export async function writePng(path: string, { width, height, data }: Pixels): Promise<void> {
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  await writeOutput(path, markDrawn(png));
}

/**
 * Writes rows of a model's pictures as PNG, each about 96 pixels wide.
 *
 * @param path where the PNG goes
 * @param rows the rows
 * @param sizes of the model whose pictures they are
 */
export async function writeSheet(
  path: string,
  rows: readonly SheetRow[],
  { model }: Pick<Sizes, 'model'>,
): Promise<void> {
  const scale = Math.max(1, Math.round(PICTURE_SIDE / model.encoder.image.width));
  await writePng(path, drawSheet(rows, scale));
}

/** Indices of some pictures, spread over a data set, which may be sorted by class. */
export const spreadOver = (length: number, most: number): number[] => {
  const count = Math.min(most, length);
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
};

/** Normalised pixels `[M, size, size, 3]` as M pictures. */
export function picturesIn(pixels: Float32Array, { model, normalization }: Sizes): Pixels[] {
  const side = model.encoder.image.width;
  const colours = toPixels(pixels, normalization);
  const each = side * side * 3;
  return Array.from({ length: pixels.length / each }, (_, i) => ({
    width: side,
    height: side,
    data: colours.subarray(i * each, (i + 1) * each),
  }));
}
