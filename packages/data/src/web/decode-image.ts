import type { Image } from '../dataset.ts';
import { weightLimit } from '../weight-limit.ts';

/** More pixels than this are a mistake or an attack, and more than many browsers decode. */
const MOST_PIXELS = 2 ** 27;
/** A JPEG has fewer pixels a byte than this; the number of others is known only once they are decoded. */
const PIXELS_A_BYTE = 16;

/**
 * Makes a decoder of pictures: upright 8-bit sRGB, transparent pixels over grey, as of files in Node.
 *
 * @param shortSide the shorter side of a picture becomes at most this
 * @returns gives the pixels of a file; or an Error with the reason, for the one who has the file
 */
export function imageDecoder(shortSide: number): (file: Uint8Array<ArrayBuffer>) => Promise<Image> {
  // Pictures that are decoded at the same time take no more memory than the largest that is allowed.
  const limit = weightLimit(MOST_PIXELS);
  const draw = drawing();
  return async (bytes) => {
    if (bytes.length === 0) throw new Error('the file is empty');
    const size = pngSize(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (size !== undefined) expectPixels(size);
    const pixels = size ? size.width * size.height : PIXELS_A_BYTE * bytes.length;
    return limit(pixels, async () => {
      const bitmap = await createImageBitmap(new Blob([bytes])).catch(() => {
        throw new Error('damaged, or of a kind that this browser does not read');
      });
      try {
        expectPixels(bitmap);
        const scale = Math.min(1, shortSide / Math.min(bitmap.width, bitmap.height));
        const [width, height] = [bitmap.width, bitmap.height].map((side) =>
          Math.max(1, Math.round(side * scale)),
        ) as [number, number];
        return draw(bitmap, width, height);
      } finally {
        bitmap.close();
      }
    });
  };
}

/** Draws pictures to read their pixels. A canvas takes longer to make than to draw on: equal sizes share one. */
function drawing(): (bitmap: ImageBitmap, width: number, height: number) => Image {
  let canvas = new OffscreenCanvas(1, 1);
  return (bitmap, width, height) => {
    if (canvas.width !== width || canvas.height !== height) {
      canvas = new OffscreenCanvas(width, height);
    }
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('this browser gives no memory to decode it');
    context.fillStyle = 'rgb(128 128 128)';
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, channels: 3, data: withoutAlpha(data) };
  };
}

type Size = { readonly width: number; readonly height: number };

function expectPixels({ width, height }: Size): void {
  if (width * height <= MOST_PIXELS) return;
  throw new Error(
    `${width} x ${height} is more than ${Math.floor(MOST_PIXELS / 1e6)} million pixels; make it smaller`,
  );
}

/** A PNG of a few kilobytes may have any size: it is looked at before anything is decoded. */
function pngSize(head: DataView): Size | undefined {
  if (head.byteLength < 24 || head.getUint32(0) !== 0x89504e47) return undefined;
  return { width: head.getUint32(16), height: head.getUint32(20) };
}

function withoutAlpha(pixels: Uint8ClampedArray): Uint8Array {
  const data = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    data[to] = pixels[from] as number;
    data[to + 1] = pixels[from + 1] as number;
    data[to + 2] = pixels[from + 2] as number;
  }
  return data;
}
