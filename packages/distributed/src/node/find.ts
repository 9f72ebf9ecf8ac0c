import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Launched } from '../launched.ts';

type Kind = 'Open MPI' | 'MPICH' | 'standard';

/** The libraries' names, those of one kind from the newest on. */
const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  'Open MPI': ['libmpi.so.40', 'libmpi.40.dylib'],
  MPICH: ['libmpi.so.12', 'libmpich.so.12', 'libmpi.12.dylib'],
  standard: ['libmpi_abi.so.1', 'libmpi_abi.so.0', 'libmpi_abi.1.dylib'],
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where an MPI library may be, the likeliest first: of the kind that the launcher belongs to, beside the program that
 * started this process, beside the programs in PATH, and then wherever the system looks.
 *
 * @param kind of the launcher, where it is known
 * @param environment PATH and the roots that installations set
 * @returns paths of files that exist, then names for the system to look up
 */
export function candidates(kind: Launched['kind'], environment: Environment): readonly string[] {
  const order: readonly Kind[] =
    kind === 'MPICH' ? ['MPICH', 'standard', 'Open MPI'] : ['Open MPI', 'MPICH', 'standard'];
  const names = order.flatMap((each) => NAMES[each]);
  const folders = libraryFolders(environment);
  return names.flatMap((name) => [
    ...folders.map((folder) => join(folder, name)).filter((path) => existsSync(path)),
    name,
  ]);
}

const PROGRAMS = ['mpirun', 'mpiexec'];
const ROOTS = ['MPI_HOME', 'MPI_ROOT', 'VIRTUAL_ENV', 'CONDA_PREFIX'];

function libraryFolders(environment: Environment): readonly string[] {
  const roots = ROOTS.flatMap((name) => environment[name] ?? []);
  const programs = (environment.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => PROGRAMS.map((name) => join(folder, name)))
    .filter((path) => existsSync(path));
  const besides = programs.flatMap((path) => [path, realpathSync(path)].map(rootOf));
  const folders = [...launcherRoot(), ...roots, ...besides].flatMap((root) => [
    join(root, 'lib'),
    join(root, 'lib64'),
  ]);
  return [...new Set(folders)];
}

/** Where the launcher is installed: it, or a helper of it, is the parent of each rank. Linux alone says so. */
function launcherRoot(): readonly string[] {
  try {
    return [rootOf(readlinkSync(`/proc/${process.ppid}/exe`))];
  } catch {
    return [];
  }
}

/** `/usr/bin/mpirun` is of `/usr`. */
const rootOf = (program: string): string => dirname(dirname(program));
