import { basename } from 'node:path';
import { type LoadedCheckpoint, loadCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import type { Sides } from '@twocan/pretrain';
import { nonFiniteLeaf } from '@twocan/trainer';
import { isObject } from '../args/config-file.ts';
import { nonFiniteError, reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';

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
    message(
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

/**
 * Loads the newest checkpoint of a run that goes on, which must be the run's own: one that was copied
 * there from another run, or an edited config, would lead to a result of neither.
 *
 * @param folder the run's places
 * @param differencesFrom where the config that a checkpoint holds differs from the run's
 * @returns the checkpoint; nothing where there is none yet
 * @throws Failure (exit code 2) that lists what differs; as {@link newestCheckpoint}
 */
export async function ownCheckpoint(
  { checkpoints, config }: { readonly checkpoints: string; readonly config: string },
  differencesFrom: (held: object, where: Sides) => readonly string[],
): Promise<LoadedCheckpoint | undefined> {
  const checkpoint = await newestCheckpoint(checkpoints);
  if (checkpoint === undefined) return undefined;
  const { path, params, optimizer, ema, config: held } = checkpoint;
  const where = ['in the checkpoint', `in ${basename(config)}`] as const;
  const differing = differencesFrom(isObject(held) ? held : {}, where);
  if (differing.length === 0) return checkpoint;
  disposeTree({ params, ...(optimizer && { optimizer }), ...(ema && { ema }) });
  throw usageError(
    `${path} is of another run than ${config}; put back the file that was copied or edited, or start a new run\n  ${firstOf(differing).join('\n  ')}`,
  );
}

/** Two methods differ in everything: some lines show it. */
function firstOf(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return [...lines.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])];
}

const SHOWN = 6;
