// Plain JavaScript, because a worker is started from a file: this one runs unbuilt from the sources
// and is copied by the compiler.
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';

// The pool is the parallelism; a cache of sharp's own would only hold what is never asked again.
sharp.concurrency(1);
sharp.cache(false);

/**
 * @param {import('./decode-message.ts').DecodeRequest} request
 * @returns {Promise<import('./decode-message.ts').DecodeReply>}
 */
async function decode({ path, shortSide, headerOnly }) {
  // Read here: a path with a character that sharp's own opening refuses still works.
  const picture = sharp(await readFile(path), { failOn: 'error' });
  if (headerOnly) {
    const { autoOrient } = await picture.metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  }
  const upright = picture.autoOrient().toColourspace('srgb').removeAlpha();
  if (shortSide !== undefined) {
    upright.resize(shortSide, shortSide, { fit: 'outside', withoutEnlargement: true });
  }
  const { data, info } = await upright
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: toRgb(data, info.channels) };
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

parentPort?.on(
  'message',
  async (/** @type {import('./decode-message.ts').DecodeRequest} */ request) => {
    try {
      const reply = await decode(request);
      parentPort?.postMessage({ reply }, reply.data === undefined ? [] : [reply.data.buffer]);
    } catch (error) {
      parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
    }
  },
);
