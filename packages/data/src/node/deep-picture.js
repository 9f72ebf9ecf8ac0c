// Plain JavaScript, because the decoder's worker imports it unbuilt.
import sharp from 'sharp';
import { BLACK_IS_ZERO, WHITE_IS_ZERO } from './picture-header.js';
import { pictureError } from './plain-reason.js';
import { fromHalf, rangeOf, toBytes } from './sample-range.js';
import { TAG } from './tiff-tags.js';

const [UNSIGNED, SIGNED, FLOAT] = [1, 2, 3]; // values of TIFF's SampleFormat

/** @type {Readonly<Record<string, (bytes: ArrayBuffer) => import('./sample-range.js').Samples>>} */
const TYPES = {
  uchar: (bytes) => new Uint8Array(bytes),
  ushort: (bytes) => new Uint16Array(bytes),
  uint: (bytes) => new Uint32Array(bytes),
  float: (bytes) => new Float32Array(bytes),
};
/** @type {Readonly<Record<string, (bytes: ArrayBuffer) => import('./sample-range.js').Samples>>} */
const SIGNED_TYPES = {
  uchar: (bytes) => new Int8Array(bytes),
  ushort: (bytes) => new Int16Array(bytes),
  uint: (bytes) => new Int32Array(bytes),
};

/**
 * A picture whose samples are not 8-bit, with the range that they have (see `rangeOf`).
 *
 * @param {Uint8Array} bytes the file; tags of it are overwritten
 * @param {import('./picture-header.js').Header} header
 * @returns {Promise<import('sharp').Sharp>} upright, at full size
 * @throws Error if no sample is a finite number, or what the decoder throws
 */
export async function deepPicture(bytes, { alpha, tags }) {
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
 * @param {Uint8Array} bytes
 * @param {import('./picture-header.js').Header['tags']} tags
 */
function samplesOf(bytes, tags) {
  const format = tags.get(TAG.sampleFormat);
  const meant = format?.values[0];
  const half = meant === FLOAT && tags.get(TAG.bits)?.values[0] === 16;
  if (meant === SIGNED || half) format?.overwrite(UNSIGNED);
  const types = meant === SIGNED ? SIGNED_TYPES : TYPES;
  /** @param {number} [channel] one alone, for that which the decoder leaves out of grey pictures */
  return async (channel) => {
    const { depth, space } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const typed = types[depth];
    if (typed === undefined)
      throw pictureError(`has samples of a kind that cannot be read: ${depth}`);
    const picture = sharp(bytes, { failOn: 'error' }).autoOrient();
    picture.pipelineColourspace(space).toColourspace(space);
    if (channel !== undefined) picture.extractChannel(/** @type {0} */ (channel));
    const { data, info } = await picture
      .raw({ depth: /** @type {'ushort'} */ (depth) })
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
