import { spawn, spawnSync } from 'node:child_process';

/** An MPI that is installed here. */
export type Mpi = {
  /** Such as `Open MPI 4.1.4`. */
  readonly name: string;
  /** The program that starts ranks, and the options it needs for more ranks than processors, as any user. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** How ranks ended, and what they printed together. */
export type RanksOutcome = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Debian and others install both MPIs side by side under these names; TWOCAN_TEST_MPIRUN has others, by commas. */
const PROGRAMS = ['mpirun.openmpi', 'mpirun.mpich'];

/** Open MPI refuses root, and binds ranks to processors, unless it is let. */
const OPEN_MPI = {
  options: ['--oversubscribe', '--bind-to', 'none'],
  environment: {
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    PRTE_ALLOW_RUN_AS_ROOT: '1',
    PRTE_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    // Waiting ranks give their processor away.
    OMPI_MCA_mpi_yield_when_idle: '1',
    // Seconds that an interrupted rank may take to save, and that the others take to end when one dies.
    OMPI_MCA_odls_base_sigkill_timeout: '5',
    PRTE_MCA_odls_base_sigkill_timeout: '5',
  },
};

function look(program: string): readonly Mpi[] {
  const { stdout, status } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, ...OPEN_MPI.environment },
  });
  if (status !== 0) return [];
  const open = /\(Open ?(?:MPI|RTE)\) ([\d.]+)/.exec(stdout);
  if (open) {
    const command = [program, ...OPEN_MPI.options];
    return [{ name: `Open MPI ${open[1]}`, command, environment: OPEN_MPI.environment }];
  }
  const mpich = /Version:\s+([\d.]+)/.exec(stdout);
  return mpich ? [{ name: `MPICH ${mpich[1]}`, command: [program], environment: {} }] : [];
}

/** The MPIs that tests run on here; none where there is no MPI. */
export const MPIS: readonly Mpi[] = [
  ...PROGRAMS,
  ...(process.env.TWOCAN_TEST_MPIRUN ?? '').split(',').filter((name) => name !== ''),
].flatMap(look);

/** Why tests of ranks are skipped, for their names, where there is no MPI. */
export const NO_MPI = 'no MPI: neither mpirun.openmpi nor mpirun.mpich is installed';

/** What a test does with ranks that run. */
export type Running = {
  readonly pid: number;
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
};

/**
 * Starts ranks of a Node script and waits for their end.
 *
 * @param mpi of MPIS
 * @param ranks how many
 * @param script a file and its arguments
 * @param options.environment variables in addition; options.watch is called with each piece of standard error
 */
export function runRanks(
  { command, environment }: Mpi,
  ranks: number,
  script: readonly string[],
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly watch?: (running: Running) => void;
  } = {},
): Promise<RanksOutcome> {
  const [program = '', ...words] = [...command, '-n', `${ranks}`, process.execPath, ...script];
  return new Promise((done, fail) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...environment, ...options.environment },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
      options.watch?.({ pid: child.pid ?? 0, stderr: () => stderr, kill });
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}
