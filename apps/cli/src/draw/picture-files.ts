import type { FeatureConfig } from '@twocan/pretrain';
import sharp from 'sharp';
import { markDrawn } from '../files/drawn-mark.ts';
import { writeOutput } from '../files/outputs.ts';
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
 * @param config of the model whose pictures they are
 */
export async function writeSheet(
  path: string,
  rows: readonly SheetRow[],
  { model }: Pick<FeatureConfig, 'model'>,
): Promise<void> {
  const scale = Math.max(1, Math.round(PICTURE_SIDE / model.encoder.image.width));
  await writePng(path, drawSheet(rows, scale));
}
