import sharp, { type Sharp } from 'sharp';
import { BLACK_IS_ZERO, type Header, WHITE_IS_ZERO } from './picture-header.ts';
import { pictureError } from './plain-reason.ts';
import { fromHalf, rangeOf, type Samples, toBytes } from './sample-range.ts';
import { TAG } from './tiff-tags.ts';

const [UNSIGNED, SIGNED, FLOAT] = [1, 2, 3]; // values of TIFF's SampleFormat

type Reader = (bytes: ArrayBuffer) => Samples;
const TYPES: Readonly<Record<string, Reader>> = {
  uchar: (bytes) => new Uint8Array(bytes),
  ushort: (bytes) => new Uint16Array(bytes),
  uint: (bytes) => new Uint32Array(bytes),
  float: (bytes) => new Float32Array(bytes),
};
const SIGNED_TYPES: Readonly<Record<string, Reader>> = {
  uchar: (bytes) => new Int8Array(bytes),
  ushort: (bytes) => new Int16Array(bytes),
  uint: (bytes) => new Int32Array(bytes),
};

/**
 * A picture whose samples are not 8-bit, with the range that they have (see `rangeOf`).
 *
 * @param bytes the file; tags of it are overwritten
 * @param header what it is
 * @returns the picture, upright, at full size
 * @throws Error if no sample is a finite number, or what the decoder throws
 */
export async function deepPicture(bytes: Uint8Array, { alpha, tags }: Header): Promise<Sharp> {
  const photometric = tags.get(TAG.photometric);
  const inverted = photometric?.values[0] === WHITE_IS_ZERO;
  // The decoder inverts some types and not others: it gets what needs no inverting.
  if (inverted) photometric?.overwrite(BLACK_IS_ZERO);
  const read = samplesOf(bytes, tags);
  const { samples, width, height, channels, colours } = await read();
  const range = rangeOf(samples, channels, colours);
  if (range === undefined) throw pictureError('holds no sample that is a finite number');
  if (samples instanceof Uint16Array && range.white === 65535) {
    // The decoder's own rule, which also shrinks with 16 bits.
    if (inverted) photometric?.overwrite(WHITE_IS_ZERO);
    return sharp(bytes, { failOn: 'error' }).autoOrient().toColourspace('srgb');
  }
  const opacity = alpha ? (await read(colours)).samples : undefined;
  const rgb = toBytes(samples, { channels, colours, inverted, opacity }, range);
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}

/**
 * Reads samples as they are stored. The decoder cuts negative numbers off and takes 16-bit floats
 * for integers, so it gets unsigned ones, whose bits are read as what they are.
 *
 * @returns reads all channels, or one alone: that which the decoder leaves out of grey pictures
 */
function samplesOf(bytes: Uint8Array, tags: Header['tags']) {
  const format = tags.get(TAG.sampleFormat);
  const meant = format?.values[0];
  const half = meant === FLOAT && tags.get(TAG.bits)?.values[0] === 16;
  if (meant === SIGNED || half) format?.overwrite(UNSIGNED);
  const types = meant === SIGNED ? SIGNED_TYPES : TYPES;
  return async (channel?: number) => {
    const { depth, space } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const typed = types[depth];
    if (typed === undefined)
      throw pictureError(`has samples of a kind that cannot be read: ${depth}`);
    const picture = sharp(bytes, { failOn: 'error' }).autoOrient();
    picture.pipelineColourspace(space).toColourspace(space);
    if (channel !== undefined) picture.extractChannel(channel as 0);
    const { data, info } = await picture
      .raw({ depth: depth as 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const samples = typed(new Uint8Array(data).buffer);
    return {
      width: info.width,
      height: info.height,
      channels: info.channels,
      colours: space === 'b-w' || space === 'grey16' ? 1 : 3,
      samples: half && samples instanceof Uint16Array ? fromHalf(samples) : samples,
    };
  };
}
