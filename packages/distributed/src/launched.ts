import { expectType } from '@twocan/core';

/** What a launcher says in the environment of a process that it started. */
export type Launched = {
  /** How many processes it started, as it says. */
  readonly size: number;
  /** Which of them this one is, where it says so. */
  readonly rank: number | undefined;
  /** The variable that says how many. */
  readonly variable: string;
  /** Which MPI it belongs to; undefined for one that starts processes of any. */
  readonly kind: 'Open MPI' | 'MPICH' | undefined;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The nearest launcher first: `mpirun` runs inside a job of Slurm. */
const LAUNCHERS = [
  { size: 'OMPI_COMM_WORLD_SIZE', rank: 'OMPI_COMM_WORLD_RANK', kind: 'Open MPI' },
  { size: 'PMI_SIZE', rank: 'PMI_RANK', kind: 'MPICH' },
  { size: 'SLURM_STEP_NUM_TASKS', rank: 'SLURM_PROCID', kind: undefined },
  { size: 'SLURM_NTASKS', rank: 'SLURM_PROCID', kind: undefined },
] as const;

const wholeNumber = (word: string | undefined): number | undefined =>
  word !== undefined && /^\d+$/.test(word) ? Number(word) : undefined;

/**
 * Reads what `mpirun`, `mpiexec` or `srun` says to a process that it started.
 *
 * @param environment such as `process.env`
 * @returns how many processes, and which one this is; undefined where no launcher says anything
 * @throws TypeError for what is no record
 * @example
 * launched({ PMI_SIZE: '4', PMI_RANK: '1' }); // { size: 4, rank: 1, variable: 'PMI_SIZE', kind: 'MPICH' }
 */
export function launched(environment: Environment): Launched | undefined {
  expectType('launched', 'environment', environment, 'object');
  for (const { size, rank, kind } of LAUNCHERS) {
    const count = wholeNumber(environment[size]);
    if (count === undefined) continue;
    const own = kind ?? kindOf(environment);
    return { size: count, rank: wholeNumber(environment[rank]), variable: size, kind: own };
  }
  return undefined;
}

/** `srun` speaks PMIx with Open MPI and PMI with MPICH. */
function kindOf(environment: Environment): Launched['kind'] {
  if (environment.PMIX_RANK !== undefined) return 'Open MPI';
  return environment.PMI_RANK === undefined ? undefined : 'MPICH';
}
