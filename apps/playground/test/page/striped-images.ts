import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { emptyFolder } from './command-line.ts';

/**
 * A folder with stripes of two classes, twelve images each.
 *
 * @param copied writes the first image of the first class once more, under this name
 * @returns the folder
 */
export async function stripedImages(copied?: string): Promise<string> {
  const folder = join(emptyFolder(), 'photos');
  for (const [c, name] of ['across', 'down'].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const data = new Uint8Array(40 * 40 * 3).map((_, at) => {
        const pixel = Math.floor(at / 3);
        const along = c === 0 ? Math.floor(pixel / 40) : pixel % 40;
        return (Math.floor(along / (3 + (i % 4))) % 2) * 200 + 5 * i;
      });
      const image = sharp(data, { raw: { width: 40, height: 40, channels: 3 } });
      await image.png().toFile(join(folder, name, `${i}.png`));
    }
  }
  if (copied) copyFileSync(join(folder, 'across', '0.png'), join(folder, 'across', copied));
  return folder;
}
