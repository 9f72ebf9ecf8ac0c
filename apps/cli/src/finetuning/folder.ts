import { join, resolve } from 'node:path';

/** The places of a classifier that is kept. */
export type FinetuneFolder = {
  readonly path: string;
  /** The plan; not config.json, so that nobody takes the folder for a pretraining run. */
  readonly config: string;
  readonly checkpoints: string;
  readonly result: string;
  readonly lock: string;
};

/**
 * Names the places of a classifier; touches nothing.
 *
 * @param out the folder, relative to the working directory or absolute
 * @returns absolute paths
 */
export function finetuneFolder(out: string): FinetuneFolder {
  const path = resolve(out);
  return {
    path,
    config: join(path, 'finetune.json'),
    checkpoints: join(path, 'checkpoints'),
    result: join(path, 'result.json'),
    lock: join(path, 'lock'),
  };
}
