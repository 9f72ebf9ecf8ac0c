import type { Image } from '../dataset.ts';

/** More pixels than this are a mistake or an attack, and more than many browsers decode. */
const MOST_PIXELS = 2 ** 27;

/**
 * Decodes a picture: upright 8-bit sRGB, transparent pixels over grey, as of files in Node.
 *
 * @param file the picture
 * @param shortSide its shorter side becomes at most this
 * @returns pixels
 * @throws Error with the reason, for the one who has the file
 */
export async function decodeImage(file: Blob, shortSide: number): Promise<Image> {
  if (file.size === 0) throw new Error('the file is empty');
  const size = pngSize(new DataView(await file.slice(0, 24).arrayBuffer()));
  if (size !== undefined) expectPixels(size);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error('damaged, or of a kind that this browser does not read');
  });
  try {
    expectPixels(bitmap);
    const scale = Math.min(1, shortSide / Math.min(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const context = new OffscreenCanvas(width, height).getContext('2d', {
      willReadFrequently: true,
    });
    if (context === null) throw new Error('this browser gives no memory to decode it');
    context.fillStyle = 'rgb(128 128 128)';
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    return {
      width,
      height,
      channels: 3,
      data: withoutAlpha(context.getImageData(0, 0, width, height).data),
    };
  } finally {
    bitmap.close();
  }
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
