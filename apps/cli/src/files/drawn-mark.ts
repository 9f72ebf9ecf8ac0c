import { crc32 } from 'node:zlib';

/** Signature and header of a PNG file. */
const HEAD = 33;
const chunk = pngText('Software', 'twocan');

/** How many bytes of a file {@link isDrawn} looks at. */
export const drawnBeginning = HEAD + chunk.length;

/**
 * Marks a PNG file as drawn by this program, so that it is not taken for a picture to learn from.
 *
 * @param png the file
 * @returns the file with a text chunk behind its header
 */
export const markDrawn = (png: Buffer): Buffer =>
  Buffer.concat([png.subarray(0, HEAD), chunk, png.subarray(HEAD)]);

/** Whether a file begins like one of {@link markDrawn}. */
export const isDrawn = (bytes: Buffer): boolean =>
  bytes.subarray(HEAD, drawnBeginning).equals(chunk);

/** A chunk `tEXt`: length, type, keyword, zero, text, check sum. */
function pngText(keyword: string, text: string): Buffer {
  const body = Buffer.from(`tEXt${keyword}\0${text}`, 'latin1');
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(body.length - 4, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
