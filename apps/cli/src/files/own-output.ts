import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { firstBytes, type SkippedBeginning } from '@twocan/data/node';
import { drawnBeginning, isDrawn } from './drawn-mark.ts';

/** What the program leaves in a folder: the name of a file, and the names inside it. */
const KINDS = [
  {
    file: 'config.json',
    holds: ['preset', 'method', 'normalization'],
    is: 'a run of twocan pretrain',
  },
  { file: 'finetune.json', holds: ['encoder', 'recipe'], is: 'a classifier of twocan finetune' },
  { file: 'ablation.json', holds: ['grid', 'baselines'], is: 'the runs of twocan ablate' },
  { file: 'baselines.json', holds: ['rawPixels', 'untrained'], is: 'the runs of twocan ablate' },
] as const;

/**
 * Whether a folder is one that this program wrote: its pictures are no data.
 *
 * @param path the folder
 * @param names what is in it; unless given, it is looked up
 * @returns what it is; undefined for any other folder
 */
export function ownFolder(path: string, names?: readonly string[]): string | undefined {
  const isThere = (file: string): boolean => names?.includes(file) ?? existsSync(join(path, file));
  return KINDS.find(({ file, holds }) => isThere(file) && holdsAll(join(path, file), holds))?.is;
}

function holdsAll(file: string, names: readonly string[]): boolean {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof found === 'object' && found !== null && names.every((name) => name in found);
  } catch {
    return false; // not ours, whatever it is
  }
}

/** Images that are sheets which this program drew, for `listFolder`. */
export const ownImages: SkippedBeginning = {
  ending: '.png',
  bytes: drawnBeginning,
  reason: (beginning) => (isDrawn(beginning) ? 'a picture that twocan drew' : undefined),
};

/**
 * Whether an image is a sheet that this program drew.
 *
 * @param path the image
 * @returns what it is; undefined for any other image, and for one that cannot be opened
 */
export function ownImage(path: string): string | undefined {
  if (extname(path).toLowerCase() !== ownImages.ending) return undefined;
  try {
    return ownImages.reason(firstBytes(path, ownImages.bytes));
  } catch {
    return undefined; // the decoder gives the reason
  }
}
