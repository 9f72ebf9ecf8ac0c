import { readdirSync, readFileSync, statSync } from 'node:fs';
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
      return found.size > most ? tooLarge(name, most) : readFileSync(place);
    },
  };
}
