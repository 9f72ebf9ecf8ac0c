import type { Image } from '../src/index.ts';

/** The picture of golden/make_torchvision.py: integers that both sides can make. */
export function numberedPicture(width: number, height: number): Image {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return (x * 37 + y * 59 + c * 101 + ((x * y * 13) % 97)) % 256;
  });
  return { width, height, channels: 3, data };
}

/** One colour everywhere. */
export function flatPicture(width: number, height: number, rgb: readonly number[]): Image {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => rgb[i % 3] ?? 0);
  return { width, height, channels: 3, data };
}
