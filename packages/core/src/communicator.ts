import { expectInteger, expectOptions, expectType } from './check.ts';

/**
 * How processes that compute one run together exchange numbers, as one of them sees it.
 *
 * Each process is a rank. Every function but `startSum` waits for all ranks, and all ranks must call the same functions in
 * the same order. What `sum`, `gather` and `broadcast` leave behind has the same bits on every rank.
 */
export type Communicator = {
  /** What carries the numbers, for messages: `one process`, `Open MPI 4.1.4`. */
  readonly name: string;
  /** The number of this process, from 0 to size - 1. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Replaces each number by its sum over all ranks. */
  readonly sum: (values: Float32Array) => void;
  /**
   * The same, but returns at once. Until the sum is there, the numbers must be neither read nor changed, and their
   * memory must stay where it is. Several may be under way, and other functions may be called in between.
   */
  readonly startSum: (values: Float32Array) => StartedSum;
  /** The bytes of all ranks, one rank after the other; each rank gives equally many. */
  readonly gather: (bytes: Uint8Array) => Uint8Array;
  /** Replaces the bytes by those of one rank. */
  readonly broadcast: (bytes: Uint8Array, from: number) => void;
  /** Returns once all ranks have called it. */
  readonly barrier: () => void;
  /** Ends the processes of all ranks at once, with this exit code; in one process it does nothing. */
  readonly abort: (code: number) => void;
};

/** A sum over all ranks that is under way. */
export type StartedSum = {
  /** Lets it go on, and returns at once whether it is there. */
  readonly test: () => boolean;
  /** Returns once it is there. */
  readonly wait: () => void;
};

/** The communicator of one process: there is nobody else, and it costs nothing. */
export const solo: Communicator = {
  name: 'one process',
  rank: 0,
  size: 1,
  sum() {},
  startSum: () => ({ test: () => true, wait() {} }),
  gather: (bytes) => bytes.slice(),
  broadcast() {},
  barrier() {},
  abort() {},
};

const FUNCTIONS = ['sum', 'startSum', 'gather', 'broadcast', 'barrier', 'abort'] as const;

/**
 * Checks a communicator.
 *
 * @param caller the function that was called
 * @param argument the communicator's name
 * @param communicator the communicator
 * @throws TypeError for what is none, RangeError for a rank that is not below its size
 * @example
 * expectCommunicator('fit', 'communicator', solo);
 */
export function expectCommunicator(
  caller: string,
  argument: string,
  communicator: Communicator,
): void {
  expectOptions(caller, argument, communicator, ['name', 'rank', 'size', ...FUNCTIONS]);
  const { name, rank, size } = communicator;
  expectType(caller, `${argument}.name`, name, 'string');
  expectInteger(caller, `${argument}.size`, size);
  expectInteger(caller, `${argument}.rank`, rank, 0, size - 1);
  for (const each of FUNCTIONS) {
    expectType(caller, `${argument}.${each}`, communicator[each], 'function');
  }
}

/**
 * The ranks whose bytes are not those of most ranks; of two halves, the one without rank 0.
 *
 * @param communicator all ranks call this together
 * @param bytes such as a digest, equally long on every rank
 * @returns numbers of ranks, ascending; the same list on every rank
 * @throws TypeError for what is no communicator or no bytes
 * @example
 * ranksThatDiffer(solo, Uint8Array.of(1, 2)); // []
 */
export function ranksThatDiffer(communicator: Communicator, bytes: Uint8Array): readonly number[] {
  expectCommunicator('ranksThatDiffer', 'communicator', communicator);
  expectType('ranksThatDiffer', 'bytes', bytes, Uint8Array);
  const all = communicator.gather(bytes);
  const texts = Array.from({ length: communicator.size }, (_, rank) =>
    String(all.subarray(rank * bytes.length, (rank + 1) * bytes.length)),
  );
  const count = (text: string): number => texts.filter((other) => other === text).length;
  // The first of the commonest.
  const usual = texts.reduce((best, text) => (count(text) > count(best) ? text : best));
  return texts.flatMap((text, rank) => (text === usual ? [] : [rank]));
}
