import type { LibraryHandle } from 'koffi';

/** How an MPI library is called: the kinds of its handles, and its constants. */
export type Abi = {
  /** The C type of handles: communicators, types, operations. */
  readonly handle: 'int' | 'uintptr_t';
  readonly world: Handle;
  readonly float: Handle;
  readonly byte: Handle;
  readonly sum: Handle;
  readonly inPlace: number;
  /** The level at which one thread of several calls MPI. */
  readonly funneled: number;
};

type Handle = number | bigint;

/** What of koffi is needed. */
export type Koffi = typeof import('koffi').default;

/** The standard's own, from MPI 5.0 on. */
const STANDARD: Abi = {
  handle: 'uintptr_t',
  world: 0x101,
  float: 0x210,
  byte: 0x207,
  sum: 0x21,
  inPlace: 1,
  funneled: 1024,
};

/** That of MPICH 3 to 5 and what is compatible with it. */
const MPICH: Abi = {
  handle: 'int',
  world: 0x44000000,
  float: 0x4c00040a,
  byte: 0x4c00010d,
  sum: 0x58000003,
  inPlace: -1,
  funneled: 1,
};

/** Open MPI 4 and 5: handles are addresses of its own variables. */
function openMpi(koffi: Koffi, library: LibraryHandle): Abi {
  const addressOf = (name: string): bigint => koffi.address(library.symbol(name));
  return {
    handle: 'uintptr_t',
    world: addressOf('ompi_mpi_comm_world'),
    float: addressOf('ompi_mpi_float'),
    byte: addressOf('ompi_mpi_byte'),
    sum: addressOf('ompi_mpi_op_sum'),
    inPlace: 1,
    funneled: 1,
  };
}

/** Which one a loaded library has; only the standard's has a name of its own. */
export function abiOf(koffi: Koffi, library: LibraryHandle, path: string): Abi {
  if (/libmpi_abi\./.test(path)) return STANDARD;
  try {
    return openMpi(koffi, library);
  } catch {
    return MPICH;
  }
}

/** The calls that a communicator is made of; each gives MPI's code, 0 for success. */
export type Calls = Readonly<
  Record<keyof ReturnType<typeof signaturesOf>, (...args: unknown[]) => number>
>;

const signaturesOf = (handle: Abi['handle']) => ({
  versionOf: 'int MPI_Get_library_version(_Out_ char *text, _Out_ int *length)',
  init: 'int MPI_Init_thread(void *, void *, int level, _Out_ int *provided)',
  rank: `int MPI_Comm_rank(${handle} communicator, _Out_ int *rank)`,
  size: `int MPI_Comm_size(${handle} communicator, _Out_ int *size)`,
  allreduce: `int MPI_Allreduce(intptr_t from, void *to, int count, ${handle} type, ${handle} operation, ${handle} communicator)`,
  allgather: `int MPI_Allgather(void *from, int count, ${handle} type, void *to, int each, ${handle} of, ${handle} communicator)`,
  broadcast: `int MPI_Bcast(void *values, int count, ${handle} type, int root, ${handle} communicator)`,
  barrier: `int MPI_Barrier(${handle} communicator)`,
  // Of a request and a status MPI keeps no address; both are memory that is large enough in every library.
  startSum: `int MPI_Iallreduce(intptr_t from, void *to, int count, ${handle} type, ${handle} operation, ${handle} communicator, void *request)`,
  test: 'int MPI_Test(void *request, void *done, void *status)',
  wait: 'int MPI_Wait(void *request, void *status)',
  abort: `int MPI_Abort(${handle} communicator, int code)`,
  finalize: 'int MPI_Finalize()',
});

/** Binds the calls of a library. @throws Error where it lacks one */
export function callsOf(library: LibraryHandle, { handle }: Abi): Calls {
  const bound = Object.entries(signaturesOf(handle)).map(([name, signature]) => [
    name,
    library.func(signature),
  ]);
  return Object.fromEntries(bound) as Calls;
}
