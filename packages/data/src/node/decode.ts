import sharp, { type Sharp } from 'sharp';
import { deepPicture } from './deep-picture.ts';
import type { FilePlace } from './file-part.ts';
import { readOnlyHeader, readWhole } from './in-flight.ts';
import { inkPicture } from './ink-picture.ts';
import type { PictureFile, ReadPicture } from './picture-file.ts';
import type { Header } from './picture-header.ts';
import { BACKGROUND } from './sample-range.ts';

// Several pictures at a time are the parallelism; a cache would only hold what is not read again.
sharp.concurrency(1);
sharp.cache(false);

/** Width and height of a picture, upright. */
export type Size = { readonly width: number; readonly height: number };

/** A decoded picture: upright 8-bit RGB. */
export type Decoded = Size & {
  readonly data: Uint8Array;
  /** Whether all pixels are equal. */
  readonly oneColour: boolean;
};

/**
 * The size of a picture, from its header.
 *
 * @param place where the file is
 * @returns the size after EXIF's turn
 * @throws Error with the reason in plain words
 */
export const readSize = (place: FilePlace): Promise<Size> =>
  readOnlyHeader(place).then(({ upright }) => upright);

/**
 * Decodes a picture.
 *
 * @param place where the file is
 * @param shortSide shrink so that the shorter side is at most this; JPEGs are then decoded at a fraction
 * @returns the picture
 * @throws Error with the reason in plain words
 */
export const decode = (place: FilePlace, shortSide?: number): Promise<Decoded> =>
  readWhole(
    place,
    (file) => weightOf(file, shortSide),
    (picture) => render(picture, shortSide),
  );

/** The file's bytes and those that it becomes. */
function weightOf({ length, header }: PictureFile, shortSide: number | undefined): number {
  const { upright, decodedBytes, shrinks } = header;
  const times = Math.min(upright.width, upright.height) / (shortSide ?? Number.POSITIVE_INFINITY);
  // JPEGs come out at most twice as wide and as high as asked, or at an eighth.
  const shrink = shrinks ? Math.min(8, Math.max(1, times / 2)) : 1;
  return length + decodedBytes / shrink ** 2;
}

async function render({ bytes, header }: ReadPicture, shortSide?: number): Promise<Decoded> {
  const upright = await pictureOf(bytes, header);
  if (header.alpha)
    upright.flatten({ background: { r: BACKGROUND, g: BACKGROUND, b: BACKGROUND } });
  upright.removeAlpha();
  if (shortSide !== undefined) {
    upright.resize(shortSide, shortSide, { fit: 'outside', withoutEnlargement: true });
  }
  const { data, info } = await upright
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const rgb = toRgb(data, info.channels);
  return { width: info.width, height: info.height, data: rgb, oneColour: isOneColour(rgb) };
}

async function pictureOf(bytes: Uint8Array, header: Header): Promise<Sharp> {
  if (header.deep) return deepPicture(bytes, header);
  if (header.ink) return inkPicture(bytes);
  return sharp(bytes, { failOn: 'error' }).autoOrient().toColourspace('srgb');
}

/** The same with three channels, as a plain array of bytes. */
function toRgb(data: Buffer, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels] ?? 0;
  return rgb;
}

function isOneColour(rgb: Uint8Array): boolean {
  for (let i = 3; i < rgb.length; i++) if (rgb[i] !== rgb[i - 3]) return false;
  return true;
}
