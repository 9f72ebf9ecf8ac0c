import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { type Communicator, solo } from '@twocan/core';
import { launched, shareOfRank } from '@twocan/distributed';
import { hasCode, reasonOf, usageError } from '../terminal/failure.ts';
import { listening } from '../terminal/messages.ts';

/** The processes that compute a run together, as this one knows them. */
export type Ranks = {
  readonly communicator: Communicator;
  /** Threads for this process where no other number is asked for; undefined where it is alone. */
  readonly threads?: number | undefined;
};

/** One process, alone. */
export const ALONE: Ranks = { communicator: solo };

/** An error that must end the other ranks, once it is printed. */
export type RankError = Error & { readonly endAll: (exitCode: number) => void };

/**
 * Does some work as one of the ranks that `mpirun` or `srun` started, or alone where neither did.
 *
 * Rank 0 alone prints messages. What one rank throws ends all: the others would wait for it.
 *
 * @param work what each rank does
 * @returns what the work returns
 * @throws Failure (exit code 2) where the ranks cannot reach each other; {@link RankError}
 */
export async function asRank<T>(work: (ranks: Ranks) => Promise<T>): Promise<T> {
  const launcher = launched(process.env);
  if (launcher === undefined || launcher.size === 1) return work(ALONE);
  const communicator = await connect(launcher.size, launcher.variable);
  const { rank } = communicator;
  try {
    const processors = availableParallelism();
    const { threads } = shareOfRank(communicator, { name: placeOf(), processors });
    const ranks = { communicator, threads };
    const own = (): Promise<T> => work(ranks);
    const result = await (rank === 0 ? own() : listening(() => undefined, own));
    communicator.finish();
    return result;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    throw Object.assign(error, { endAll: communicator.abort });
  }
}

async function connect(size: number, variable: string) {
  // Loaded here: one process alone needs neither the library nor the package that calls it.
  const { mpi } = await import('@twocan/distributed/node');
  try {
    return await mpi();
  } catch (error) {
    const plain = reasonOf(error).replace(/^mpi: /, '');
    if (hasCode(error, 'MPI_ALONE')) throw usageError(plain, error);
    if (!hasCode(error, 'MPI_MISSING')) throw error;
    throw usageError(`${variable} says that ${size} ranks were started: ${plain}`, error);
  }
}

/** The machine, and the processors that this process may use of it, where the system says which. */
function placeOf(): string {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return `${hostname()} ${/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1]}`;
  } catch {
    return hostname();
  }
}

/**
 * The number of this process among several, for errors of any moment.
 *
 * @returns such as `rank 2: `; nothing in a process that is alone
 */
export function rankPrefix(): string {
  const launcher = launched(process.env);
  const { size = 1, rank } = launcher ?? {};
  return size > 1 && rank !== undefined ? `rank ${rank}: ` : '';
}
