import {
  type Communicator,
  expectCommunicator,
  expectInteger,
  expectOptions,
  expectType,
} from '@twocan/core';

/** The processors that a rank may use, and who else may use the same ones. */
export type Share = {
  /** Threads that the rank should compute with, at least 1. */
  readonly threads: number;
  /** Ranks that may use the same processors, this one included. */
  readonly ranks: number;
};

/** Bytes of a digest of a machine and its processors. */
const BYTES = 64;

/**
 * Divides processors evenly among the ranks that may use them.
 *
 * A launcher may bind each rank to processors of its own: such ranks do not divide theirs.
 *
 * @param communicator all ranks call this together
 * @param place.name the machine and the processors that this rank may use: equal names share processors
 * @param place.processors how many there are
 * @returns threads for this rank
 * @throws TypeError or RangeError for what is no communicator, name or number of processors
 * @example
 * shareOfRank(solo, { name: 'host 0-7', processors: 8 }); // { threads: 8, ranks: 1 }
 */
export function shareOfRank(
  communicator: Communicator,
  place: { readonly name: string; readonly processors: number },
): Share {
  expectCommunicator('shareOfRank', 'communicator', communicator);
  expectOptions('shareOfRank', 'place', place, ['name', 'processors'], []);
  const { name, processors } = place;
  expectType('shareOfRank', 'place.name', name, 'string');
  expectInteger('shareOfRank', 'place.processors', processors);
  const own = digestOf(name);
  const all = communicator.gather(own);
  let ranks = 0;
  for (let rank = 0; rank < communicator.size; rank++) {
    if (own.every((byte, i) => byte === all[rank * BYTES + i])) ranks++;
  }
  return { threads: Math.max(1, Math.floor(processors / ranks)), ranks };
}

/** The first bytes of a name and, since names may be longer, a sum of all. */
function digestOf(name: string): Uint8Array {
  const digest = new Uint8Array(BYTES);
  const bytes = new TextEncoder().encode(name);
  digest.set(bytes.subarray(0, BYTES - 4));
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  new DataView(digest.buffer).setInt32(BYTES - 4, sum);
  return digest;
}
