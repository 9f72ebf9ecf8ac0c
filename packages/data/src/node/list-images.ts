import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Endings of the files that are taken for pictures; sharp decides what they really are. */
export const IMAGE_ENDINGS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
];

/**
 * The pictures below a folder, at any depth, in an order that is the same on every machine.
 *
 * Names are sorted by code unit within each folder; hidden ones are left out; links are followed,
 * except into a folder that is being walked already.
 *
 * @param folder where to look
 * @returns paths relative to the folder, with `/` between the parts
 * @throws whatever the file system throws for the folder itself (ENOENT, ENOTDIR, EACCES)
 * @example
 * await listImages('photos'); // ['cats/1.jpg', 'cats/old/7.png', 'dogs/2.jpg']
 */
export async function listImages(folder: string): Promise<string[]> {
  return walk(folder, '', [await realpath(folder)]);
}

async function walk(
  folder: string,
  prefix: string,
  ancestors: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  // Array.sort without a comparison orders by UTF-16 code units, whatever the locale.
  for (const name of names.sort()) {
    const path = join(folder, name);
    const kind = await stat(path).catch(() => undefined); // a link to nothing is nothing
    if (kind?.isDirectory()) {
      const real = await realpath(path);
      if (ancestors.includes(real)) continue;
      found.push(...(await walk(path, `${prefix}${name}/`, [...ancestors, real])));
    } else if (kind?.isFile() && IMAGE_ENDINGS.includes(extname(name).toLowerCase())) {
      found.push(`${prefix}${name}`);
    }
  }
  return found;
}
