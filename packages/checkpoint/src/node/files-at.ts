import { readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tooLarge, type WeightFiles } from '../foreign/files.ts';

/**
 * Weights on the disk: a file, or a folder with its config.json.
 *
 * @param path of a safetensors file, its index, or the folder that holds one
 * @returns files for `importWeights`
 * @throws the file system's error where there is no such path
 * @example
 * const weights = await importWeights(filesAt('models/vit-base'));
 */
export function filesAt(path: string): WeightFiles {
  const isFolder = statSync(path).isDirectory();
  const folder = isFolder ? path : dirname(path);
  return {
    place: path,
    ...(isFolder ? { names: readdirSync(folder).sort() } : { file: basename(path) }),
    read: async (name, most) => {
      const place = join(folder, name);
      const found = statSync(place, { throwIfNoEntry: false });
      if (!found?.isFile()) return undefined;
      // Looked at first: a file that is too large is not read.
      return found.size > most ? tooLarge(name, most) : readWhole(place, found.size);
    },
  };
}

/** Node reads files of up to 2 GiB in one call; weights may be larger. */
const AT_ONCE = 2 ** 30;

async function readWhole(path: string, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const file = await open(path, 'r');
  try {
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(AT_ONCE, size - at), at);
      // Cut off meanwhile: what is missing is found where it is read.
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
