// Plain JavaScript, because a worker is started from a file: this one runs unbuilt from the sources
// and is copied by the compiler.
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { deepPicture } from './deep-picture.js';
import { inkPicture } from './ink-picture.js';
import { readHeader } from './picture-header.js';
import { plainReason } from './plain-reason.js';
import { BACKGROUND } from './sample-range.js';

// The pool is the parallelism; a cache of sharp's own would only hold what is never asked again.
sharp.concurrency(1);
sharp.cache(false);

/**
 * @param {import('./decode-message.ts').DecodeRequest} request
 * @returns {Promise<import('./decode-message.ts').DecodeReply>}
 */
async function decode({ path, shortSide, headerOnly }) {
  // Read here: a path with a character that sharp's own opening refuses still works.
  const bytes = await readFile(typeof path === 'string' ? path : Buffer.from(path));
  const header = await readHeader(bytes);
  if (headerOnly) return header.upright;
  const upright = await openPicture(bytes, header);
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

/**
 * @param {Uint8Array} bytes
 * @param {import('./picture-header.js').Header} header
 */
async function openPicture(bytes, header) {
  if (header.deep) return deepPicture(bytes, header);
  if (header.ink) return inkPicture(bytes);
  return sharp(bytes, { failOn: 'error' }).autoOrient().toColourspace('srgb');
}

/**
 * An exact copy with three channels: it can be handed over without the memory around it.
 *
 * @param {Uint8Array} data
 * @param {number} channels
 */
function toRgb(data, channels) {
  if (channels === 3) return new Uint8Array(data);
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels] ?? 0;
  return rgb;
}

/** @param {Uint8Array} rgb */
function isOneColour(rgb) {
  for (let i = 3; i < rgb.length; i++) if (rgb[i] !== rgb[i - 3]) return false;
  return true;
}

parentPort?.on(
  'message',
  async (/** @type {import('./decode-message.ts').DecodeRequest} */ request) => {
    try {
      const reply = await decode(request);
      parentPort?.postMessage({ reply }, reply.data === undefined ? [] : [reply.data.buffer]);
    } catch (error) {
      parentPort?.postMessage({ error: plainReason(error) });
    }
  },
);
