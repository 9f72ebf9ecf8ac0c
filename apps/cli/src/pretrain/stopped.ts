import { listCheckpoints } from '@twocan/checkpoint/node';
import type { Explosion } from '@twocan/pretrain';
import { type Failure, isSystemError, nonFiniteError } from '../terminal/failure.ts';

/** Where what was saved lies, and the command that goes on from there. */
export type Resumable = { readonly checkpoints: string; readonly goOn: string };

/**
 * The error of a run whose numbers exploded, with the command line's names.
 *
 * @param explosion what, and when
 * @param checkpoints where the run saves, if it does; the last finite state is there if there was one
 * @param advice what to do
 * @param look the command that shows where it began, where there is one
 * @returns an error with exit code 3
 */
export async function exploded(
  { step, what }: Explosion,
  checkpoints: string | undefined,
  advice: string,
  look?: string,
): Promise<Failure> {
  const [last] =
    checkpoints === undefined ? [] : await listCheckpoints(checkpoints).catch(() => []);
  const saved =
    last === undefined
      ? 'no state of it was saved'
      : `the state after step ${last.step} is saved in ${checkpoints}`;
  const where = look === undefined ? '' : `\n  where it began: ${look}`;
  return nonFiniteError(
    `the run exploded after step ${step}: ${what}\n  ${saved}\n  ${advice}${where}`,
  );
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space',
  EDQUOT: 'free some of your quota',
  EFBIG: 'raise the limit on the size of files (ulimit -f)',
  EROFS: 'make the folder writable',
  EACCES: 'make the folder writable',
  EPERM: 'make the folder writable',
};

/**
 * The error of a run that ended too early, such as by a disk that is full.
 *
 * @param error what was thrown; one with an exit code already has its advice
 * @param run where it saved and how it goes on
 * @returns an error with what is saved and how to continue
 */
export async function stopped(error: unknown, { checkpoints, goOn }: Resumable): Promise<unknown> {
  if (error instanceof Error && 'exitCode' in error) return error;
  const [last] = await listCheckpoints(checkpoints).catch(() => []);
  const safe =
    last === undefined
      ? 'no checkpoint was saved yet'
      : `the checkpoint of step ${last.step} is whole`;
  const remedy = isSystemError(error)
    ? (REMEDIES[error.code ?? ''] ?? 'put that right')
    : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return new Error(
    `the run stopped: ${message}\n  ${safe}; ${remedy === undefined ? 'go on with' : `${remedy}, then`}: ${goOn}`,
    { cause: error },
  );
}
