import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../run-state.ts';
import { TEMPORARY, writeFileAtomic } from './atomic.ts';
import { makeFolder } from './make-folder.ts';

const NAME = /^checkpoint-(\d{8,})\.safetensors$/;

const fileName = (step: number): string =>
  `checkpoint-${String(step).padStart(8, '0')}.safetensors`;

/** A checkpoint file of a folder. */
export type CheckpointFile = { readonly path: string; readonly step: number };

/** A checkpoint with the file that it came from. */
export type LoadedCheckpoint = Checkpoint & {
  readonly path: string;
  /** Newer files that could not be read, and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
};

/**
 * Lists the checkpoints of a folder by name, newest (highest step) first.
 *
 * @param folder the folder; it need not exist
 * @returns path and step of each
 * @example
 * const [latest] = await listCheckpoints('run/checkpoints');
 */
export async function listCheckpoints(folder: string): Promise<readonly CheckpointFile[]> {
  return (await namesIn(folder))
    .flatMap((name) => {
      const step = NAME.exec(name)?.[1];
      return step === undefined ? [] : [{ path: join(folder, name), step: Number(step) }];
    })
    .sort((a, b) => b.step - a.step);
}

/**
 * Saves a run's state as `checkpoint-<step>.safetensors` and removes old ones.
 *
 * The new file is complete on disk before an old one goes. One process at a time may save into a
 * folder: temporary files that a crash left there are removed too.
 *
 * @param folder the folder; made if it does not exist
 * @param checkpoint the state; its tensors are borrowed
 * @param options `keep`: how many files stay, the newest; 3 by default, Infinity for all
 * @returns the path of the new file
 * @throws RangeError for `keep` below 1; the file system's errors
 * @example
 * await saveCheckpoint('run/checkpoints', { ...event.state, key: key(0), config }, { keep: 2 });
 */
export async function saveCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  { keep = 3 }: { readonly keep?: number } = {},
): Promise<string> {
  if (!(keep >= 1)) throw new RangeError(`saveCheckpoint: keep must be at least 1, got ${keep}`);
  const bytes = await encodeCheckpoint(checkpoint);
  makeFolder(folder);
  const path = join(folder, fileName(checkpoint.step));
  await writeFileAtomic(path, bytes);
  await prune(folder, path, keep);
  return path;
}

/**
 * Loads a run's state from a file, or from the newest readable checkpoint of a folder.
 *
 * @param path a checkpoint file, or a folder of them
 * @returns the state with fresh tensors, its file, and newer files that were damaged;
 *   `undefined` for a folder without checkpoints or no such path
 * @throws RangeError if the file, or every checkpoint of the folder, cannot be read
 * @example
 * const checkpoint = await loadCheckpoint('run/checkpoints');
 */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint | undefined> {
  if (path.endsWith('.safetensors')) {
    const bytes = await readFile(path);
    return { ...decodeCheckpoint(bytes), path, skipped: [] };
  }
  const skipped: { path: string; reason: string }[] = [];
  for (const file of await listCheckpoints(path)) {
    try {
      return { ...decodeCheckpoint(await readFile(file.path)), path: file.path, skipped };
    } catch (error) {
      skipped.push({
        path: file.path,
        reason: error instanceof Error ? error.message : `${error}`,
      });
    }
  }
  if (skipped.length === 0) return undefined;
  const reasons = skipped.map((file) => `\n  ${file.path}: ${file.reason}`).join('');
  throw new RangeError(`loadCheckpoint: no checkpoint in ${path} can be read:${reasons}`);
}

/** Keeps the newest files and, whatever its step, the one just written. */
async function prune(folder: string, written: string, keep: number): Promise<void> {
  const others = (await listCheckpoints(folder)).filter(({ path }) => path !== written);
  const old = others.slice(keep - 1).map(({ path }) => path);
  const leftovers = (await namesIn(folder))
    .filter((name) => TEMPORARY.test(name) && name.startsWith('.checkpoint-'))
    .map((name) => join(folder, name));
  await Promise.all([...old, ...leftovers].map((path) => rm(path, { force: true })));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
