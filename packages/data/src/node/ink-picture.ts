import sharp, { type Sharp } from 'sharp';

/**
 * A CMYK picture without a profile, as browsers show it: each ink takes its share of the light. The
 * decoder would take it for a certain printer's inks.
 *
 * @param bytes the file
 * @returns upright RGB at full size
 * @throws Error what the decoder throws
 */
export async function inkPicture(bytes: Uint8Array): Promise<Sharp> {
  const picture = sharp(bytes, { failOn: 'error' }).autoOrient();
  picture.pipelineColourspace('cmyk').toColourspace('cmyk');
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i++) {
    const at = Math.floor(i / 3) * channels;
    const paper = 255 - (data[at + 3] ?? 0);
    rgb[i] = Math.round((paper * (255 - (data[at + (i % 3)] ?? 0))) / 255);
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}
