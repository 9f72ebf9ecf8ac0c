import { basename } from 'node:path';
import { type LoadedCheckpoint, loadCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import { nonFiniteLeaf } from '@twocan/trainer';
import { nonFiniteError, reasonOf } from './failure.ts';

/**
 * Loads a checkpoint file, or the newest one of a folder that can be read. Newer ones that are
 * damaged are named on standard error.
 *
 * @param path a file or a folder
 * @returns the checkpoint; nothing where a folder has none
 * @throws RangeError if none can be read; Failure (exit code 3) for one with NaN or infinity in it
 */
export async function newestCheckpoint(path: string): Promise<LoadedCheckpoint | undefined> {
  const checkpoint = await loadCheckpoint(path);
  if (checkpoint === undefined) return undefined;
  for (const { path: damaged, reason } of checkpoint.skipped) {
    console.error(
      `${damaged} is damaged and left out (${reasonOf(new Error(reason))}); using ${basename(checkpoint.path)}`,
    );
  }
  const { params, optimizer, ema } = checkpoint;
  const trees = { params, ...(optimizer && { optimizer }), ...(ema && { ema }) };
  const leaf = await nonFiniteLeaf(trees);
  if (leaf === undefined) return checkpoint;
  disposeTree(trees);
  throw nonFiniteError(
    `${checkpoint.path} is of a run that exploded: ${leaf} holds NaN or infinity; ` +
      'delete the file to use the checkpoint before it, or train anew with a lower --lr',
  );
}
