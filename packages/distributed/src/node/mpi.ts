import { type Communicator, expectInteger, expectOptions, expectType } from '@twocan/core';
import { type Launched, launched } from '../launched.ts';
import { type Abi, abiOf, type Calls, callsOf, type Koffi } from './abi.ts';
import { candidates } from './find.ts';

/** The ranks that MPI connects. */
export type MpiCommunicator = Communicator & {
  /** The file of the library, or its name where the system found it. */
  readonly library: string;
  /** Ends MPI, once all ranks call it; after that nothing else may be called. */
  readonly finish: () => void;
};

/** Options of {@link mpi}. */
export type MpiOptions = {
  /** The MPI library, a path or a name; by default the variable `TWOCAN_MPI`, or what is found on the machine. */
  readonly library?: string;
};

const INSTALL =
  'install Open MPI or MPICH (Debian: apt install openmpi-bin, or mpich), or name the library in TWOCAN_MPI';

/**
 * Starts MPI in a process that `mpirun`, `mpiexec` or `srun` started.
 *
 * It calls the library that is installed, through the package koffi: Open MPI 4 and 5, MPICH 3.4 to 5, or any library
 * with the standard's binary interface, MPI 5. A process can do so once. The variable `UCX_MEM_EVENTS` is set to `no`
 * where it is not set: UCX, which many of them use, may crash Node otherwise.
 *
 * @param options the library, where it must not be looked for
 * @returns the communicator of all ranks
 * @throws Error with code `MPI_MISSING` without koffi or a library, and `MPI_ALONE` where the launcher started more
 *   processes than the library connects; RangeError for options that are wrong
 * @example
 * const communicator = await mpi();
 * communicator.sum(gradient);
 * communicator.finish();
 */
export async function mpi(options: MpiOptions = {}): Promise<MpiCommunicator> {
  expectOptions('mpi', 'options', options, [], ['library']);
  const { library: named = process.env.TWOCAN_MPI || undefined } = options;
  if (named !== undefined) expectType('mpi', 'library', named, 'string');
  const koffi = await loadKoffi();
  const launcher = launched(process.env);
  // srun that offers no interface for MPI: Open MPI would end the process, MPICH leave it alone.
  if (launcher !== undefined && launcher.size > 1 && !launcher.kind && named === undefined) {
    throw alone(
      launcher,
      'nothing connects them: start twocan by srun --mpi=pmix for Open MPI, by srun --mpi=pmi2 for MPICH, or by mpirun',
    );
  }
  const { path, abi, calls } = open(
    koffi,
    named === undefined ? candidates(launcher?.kind, process.env) : [named],
  );
  const communicator = start(path, abi, calls);
  const { size, name } = communicator;
  if (launcher !== undefined && launcher.size > size) {
    communicator.finish();
    throw alone(
      launcher,
      `${name} connects ${size}: the launcher must be that of ${path}; take its mpirun, or name the launcher's library in TWOCAN_MPI`,
    );
  }
  return communicator;
}

const alone = ({ variable, size }: Launched, but: string): Error =>
  Object.assign(new Error(`mpi: ${variable} says that ${size} ranks were started, but ${but}`), {
    code: 'MPI_ALONE' as const,
  });

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (cause) {
    throw missing('the package koffi, which calls MPI, is not installed: npm install koffi', cause);
  }
}

const missing = (message: string, cause?: unknown): Error =>
  Object.assign(new Error(`mpi: ${message}`, { cause }), { code: 'MPI_MISSING' as const });

/** The first library that loads. */
function open(koffi: Koffi, paths: readonly string[]) {
  const reasons: string[] = [];
  // UCX, through which most MPI libraries talk, patches the functions of libc that hand out memory. As it loads it tries
  // the patches by moving the end of the heap: what another thread of Node was given there meanwhile is gone, and the
  // process crashes.
  process.env.UCX_MEM_EVENTS ??= 'no';
  for (const path of paths) {
    try {
      // Global: Open MPI loads components that look for its symbols.
      const library = koffi.load(path, { global: true });
      const abi = abiOf(koffi, library, path);
      return { path, abi, calls: callsOf(library, abi) };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const why = paths.length === 1 ? `: ${reasons[0]}` : '';
  throw missing(`no MPI library loads (tried ${paths.join(', ')})${why}; ${INSTALL}`);
}

/** More than an MPI_Status has in any of them; nobody reads it. */
const STATUS_BYTES = 64;

function start(library: string, abi: Abi, calls: Calls): MpiCommunicator {
  const { world, float, byte, sum, inPlace, funneled } = abi;
  const check = (what: string, code: number): void => {
    if (code !== 0) throw new Error(`mpi: ${what} failed with MPI's error ${code}`);
  };
  const numberOf = (what: string, call: (out: number[]) => number): number => {
    const out = [0];
    check(what, call(out));
    return out[0] ?? 0;
  };
  numberOf('MPI_Init_thread', (out) => calls.init(null, null, funneled, out));
  const rank = numberOf('MPI_Comm_rank', (out) => calls.rank(world, out));
  const size = numberOf('MPI_Comm_size', (out) => calls.size(world, out));
  const status = new Uint8Array(STATUS_BYTES);
  return {
    name: nameOf(calls),
    library,
    rank,
    size,
    sum(values) {
      expectType('sum', 'values', values, Float32Array);
      check('MPI_Allreduce', calls.allreduce(inPlace, values, values.length, float, sum, world));
    },
    startSum(values) {
      expectType('startSum', 'values', values, Float32Array);
      const request = new BigUint64Array(1);
      // Its buffer is at hand, so its numbers lie where the collector of garbage moves and frees nothing.
      let summed: ArrayBufferLike | undefined = values.buffer;
      const { length } = values;
      check('MPI_Iallreduce', calls.startSum(inPlace, values, length, float, sum, world, request));
      return {
        test() {
          if (summed === undefined) return true;
          const done = new Int32Array(1);
          check('MPI_Test', calls.test(request, done, status));
          if (done[0] !== 0) summed = undefined;
          return done[0] !== 0;
        },
        wait() {
          if (summed === undefined) return;
          check('MPI_Wait', calls.wait(request, status));
          summed = undefined;
        },
      };
    },
    gather(bytes) {
      expectType('gather', 'bytes', bytes, Uint8Array);
      const { length } = bytes;
      const all = new Uint8Array(size * length);
      check('MPI_Allgather', calls.allgather(bytes, length, byte, all, length, byte, world));
      return all;
    },
    broadcast(bytes, from) {
      expectType('broadcast', 'bytes', bytes, Uint8Array);
      expectInteger('broadcast', 'from', from, 0, size - 1);
      check('MPI_Bcast', calls.broadcast(bytes, bytes.length, byte, from, world));
    },
    barrier: () => check('MPI_Barrier', calls.barrier(world)),
    abort: (code) => check('MPI_Abort', calls.abort(world, code)),
    finish: () => check('MPI_Finalize', calls.finalize()),
  };
}

/** The longest text of MPI_Get_library_version in any of them: 8192 bytes and its end. */
const MOST_TEXT = 8193;

/** Such as `Open MPI 4.1.4` or `MPICH 5.0.2`. */
function nameOf(calls: Calls): string {
  const text = [' '.repeat(MOST_TEXT)];
  calls.versionOf(text, [0]);
  const [, name = 'MPI', version = ''] =
    /(Open MPI|MPICH|Intel\(R\) MPI)[^\d]*([\d.]+)/.exec(text[0] ?? '') ?? [];
  return `${name} ${version}`.trim();
}
