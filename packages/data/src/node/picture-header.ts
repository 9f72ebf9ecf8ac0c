import sharp from 'sharp';
import { pictureError } from './plain-reason.ts';
import { TAG, type Tag, tiffTags } from './tiff-tags.ts';

/** Pixels that a picture may have, sharp's own limit: more are a mistake or an attack. */
const MOST_PIXELS = 0x3fff ** 2;
/** Those of a picture that is decoded at its full size, in up to 16 bytes a pixel. */
const MOST_PIXELS_AT_ONCE = 2 ** 26;

/** Of the types that the decoder names; others take up to 8. */
const SAMPLE_BYTES: Readonly<Record<string, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
};
const DEEP_SPACES = ['b-w', 'grey16', 'rgb16', 'scrgb', 'srgb', 'rgb'];
/** Values of TIFF's PhotometricInterpretation: both are grey. */
export const [WHITE_IS_ZERO, BLACK_IS_ZERO] = [0, 1];
const YCBCR = 6;
/** Values of TIFF's Compression: with these the decoder takes YCbCr for RGB. None, LZW, Deflate, PackBits, LZMA, Zstandard. */
const PLAIN_COMPRESSIONS = [1, 5, 8, 32773, 32946, 34925, 50000];

/** What a file is, before its pixels are decoded. */
export type Header = {
  /** The size after EXIF's turn. */
  readonly upright: { readonly width: number; readonly height: number };
  /** Whether the samples have a range of their own: not 8 bits, no profile. */
  readonly deep: boolean;
  /** Whether it is CMYK without a profile. */
  readonly ink: boolean;
  /** Whether the last channel is how opaque a pixel is. */
  readonly alpha: boolean;
  /** Of a TIFF; else empty. */
  readonly tags: ReadonlyMap<number, Tag>;
  /** Whether this is all: of a TIFF, tags are read from its contents alone. */
  readonly complete: boolean;
  /** How many bytes the decoder's samples take at full size, with copies that are made of them. */
  readonly decodedBytes: number;
  /** Whether a JPEG that is decoded at a fraction of its size takes a fraction of the memory. */
  readonly shrinks: boolean;
};

/**
 * Reads a header and refuses what must not or cannot be decoded.
 *
 * @param file its contents, or its path, which the decoder itself opens
 * @returns what the file is
 * @throws Error with the reason in plain words, or what the decoder throws
 */
export async function readHeader(file: Uint8Array | string): Promise<Header> {
  // The limit is checked here, where the size is known and can be named.
  const found = await sharp(file, { limitInputPixels: false }).metadata();
  const { format, depth, space, autoOrient, hasAlpha, hasProfile } = found;
  const tiff = format === 'tiff';
  const tags: Header['tags'] = tiff && typeof file !== 'string' ? tiffTags(file) : new Map();
  const lossless = tiff || format === 'png';
  const deep = lossless && depth !== 'uchar' && !hasProfile && DEEP_SPACES.includes(space);
  const ink = space === 'cmyk' && depth === 'uchar' && !hasProfile;
  const { width, height } = autoOrient;
  const most = deep || ink ? MOST_PIXELS_AT_ONCE : MOST_PIXELS;
  if (width * height > most) {
    const kind = deep || ink ? ' for CMYK and for samples other than 8-bit' : '';
    const limit = `the limit of ${Math.floor(most / 1e6)} million pixels${kind}`;
    throw pictureError(`${width}x${height} is more than ${limit}; make it smaller`);
  }
  const extra = tags.get(TAG.extraSamples)?.values ?? [];
  const photometric = tags.get(TAG.photometric)?.values[0];
  const grey = photometric === WHITE_IS_ZERO || photometric === BLACK_IS_ZERO;
  if (grey && found.channels > 1 && !(found.channels === 2 && extra[0] !== 0)) {
    throw pictureError(
      `has ${found.channels} channels that are neither grey with alpha nor RGB; save one channel, or three as RGB`,
    );
  }
  const compression = tags.get(TAG.compression)?.values[0] ?? 1;
  if (photometric === YCBCR && PLAIN_COMPRESSIONS.includes(compression)) {
    throw pictureError('a TIFF of YCbCr that is not compressed as JPEG; save it as RGB');
  }
  const samples = width * height * found.channels * (SAMPLE_BYTES[depth] ?? 8);
  return {
    upright: { width, height },
    deep,
    ink,
    alpha: hasAlpha && extra[0] !== 0,
    tags,
    complete: !tiff || typeof file !== 'string',
    decodedBytes: deep || ink ? 2 * samples + 3 * width * height : samples,
    shrinks: format === 'jpeg' && !found.isProgressive && !ink,
  };
}
