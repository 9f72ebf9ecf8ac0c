import { join } from 'node:path';
import { type RunFolder, runFolder } from '../run/run-folder.ts';

/** The places of a classifier that is kept; `config` is not config.json, so that nobody takes it for a run. */
export type FinetuneFolder = Pick<
  RunFolder,
  'path' | 'config' | 'checkpoints' | 'images' | 'result' | 'lock'
>;

/**
 * Names the places of a classifier; touches nothing.
 *
 * @param out the folder, relative to the working directory or absolute
 * @returns absolute paths
 */
export function finetuneFolder(out: string): FinetuneFolder {
  const { path, checkpoints, images, result, lock } = runFolder(out);
  return { path, config: join(path, 'finetune.json'), checkpoints, images, result, lock };
}
