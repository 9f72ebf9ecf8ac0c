import { BYTES, checkFields, FUNCTION, NAME } from './fields.ts';
import { bestFit, type FreeBlocks, giveBack, roundUp, take } from './free-blocks.ts';
import { makePieces } from './pieces.ts';

/**
 * Blocks of one linear memory, handed out and taken back: the best fit, joined with free neighbours, since a
 * step allocates many sizes and addresses are never given up.
 */
export type Heap = {
  /** A block of at least so many bytes, 64-byte aligned. @throws Error when the memory is full */
  readonly allocate: (bytes: number) => number;
  readonly release: (offset: number, bytes: number) => void;
  /** Bytes in blocks that are handed out, and bytes that the memory has. */
  readonly report: () => { readonly inUse: number; readonly reserved: number };
  /**
   * Gives back the memory under what has been free since the last call, where the memory can take it; blocks may
   * still be handed out there. An engine calls it now and then, less often than once a step.
   *
   * @returns how many bytes were given back
   */
  readonly trim: () => number;
};

/** What a heap hands out blocks of. */
export type GrowingMemory = {
  /** Its bytes now. */
  readonly size: () => number;
  /** Grows by at least so many bytes; false where it cannot. */
  readonly grow: (bytes: number) => boolean;
  /** Takes back the pages of a part, which read as anything until they are written again. */
  readonly discard?: (at: number, bytes: number) => void;
};

/** Options of {@link makeHeap}. */
export type HeapOptions = {
  /** How errors name the engine. */
  readonly name: string;
  /** The first byte that is free. */
  readonly from: number;
  /** How many bytes the memory may have at most. */
  readonly most: number;
  /** Bytes of a segment: no block crosses a multiple of it. By default there is one segment. */
  readonly segment?: number;
};

const MEMORY = { size: FUNCTION, grow: FUNCTION, discard: { ...FUNCTION, optional: true } };
const OPTIONS = { name: NAME, from: BYTES, most: BYTES, segment: { ...BYTES, optional: true } };

/**
 * Makes the heap of a memory.
 *
 * @param memory what it grows and hands out
 * @param options where it begins and ends, and its segments
 * @returns the heap
 * @throws RangeError for a memory or options whose fields are not as they must be
 * @example
 * const memory = new WebAssembly.Memory({ initial: 1 });
 * const size = () => memory.buffer.byteLength;
 * const grow = (bytes) => memory.grow(Math.ceil(bytes / 65536)) >= 0;
 * const heap = makeHeap({ size, grow }, { name: 'mine', from: 64, most: 2 ** 32 });
 * const at = heap.allocate(1000);
 * heap.release(at, 1000);
 */
export function makeHeap(memory: GrowingMemory, options: HeapOptions): Heap {
  checkFields('makeHeap', 'memory', memory, MEMORY);
  checkFields('makeHeap', 'options', options, OPTIONS);
  const { name, from, most, segment = Number.MAX_SAFE_INTEGER } = options;
  const free: FreeBlocks = { starts: [], sizes: [] };
  const pieces = makePieces();
  let top = roundUp(from);
  let inUse = 0;

  const grow = (end: number, wanted: number): void => {
    const size = memory.size();
    const missing = end - size;
    if (missing <= 0) return;
    // A quarter more, while there is room: growing often is slow where it copies.
    const generous = Math.min(Math.max(missing, roundUp(size / 4)), most - size);
    // The platform may have less than the maximum: try with less, then say so.
    if (end <= most && (memory.grow(generous) || memory.grow(missing))) return;
    throw outOfMemory(name, wanted, inUse, most);
  };

  /** Where a block would begin that follows all others: in the next segment where this one has no room. */
  const startAfter = (start: number, size: number): number => {
    const end = (Math.floor(start / segment) + 1) * segment;
    return start + size <= end ? start : end;
  };

  const append = (size: number, wanted: number): number => {
    if (size > segment) throw tooLarge(name, wanted, segment);
    // What is free at the end is the beginning of the new block.
    const last = free.starts.length - 1;
    const lastStart = free.starts[last] ?? -1;
    const lastSize = free.sizes[last] ?? 0;
    const joins = lastStart + lastSize === top && top % segment !== 0;
    const start = startAfter(joins ? lastStart : top, size);
    grow(start + size, wanted);
    if (start === lastStart) take(free, last, lastSize);
    else if (start > top) giveBack(free, top, start - top, segment);
    top = start + size;
    return start;
  };

  return {
    allocate(bytes) {
      const size = roundUp(bytes);
      const fit = bestFit(free, size);
      const start = fit >= 0 ? take(free, fit, size) : append(size, bytes);
      inUse += size;
      if (memory.discard !== undefined) pieces.use(start, size);
      return start;
    },
    release(offset, bytes) {
      const size = roundUp(bytes);
      inUse -= size;
      if (memory.discard !== undefined) pieces.use(offset, size);
      giveBack(free, offset, size, segment);
    },
    report: () => ({ inUse, reserved: memory.size() }),
    trim: () => (memory.discard === undefined ? 0 : pieces.trim(free, memory.discard)),
  };
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

function outOfMemory(name: string, wanted: number, inUse: number, limit: number): Error {
  return new Error(
    `${name}: memory must hold ${megabytes(wanted)} more, got ${megabytes(inUse)} in use of at most ` +
      `${megabytes(limit)}; lower the batch, the image size or the width of the model`,
  );
}

function tooLarge(name: string, wanted: number, segment: number): Error {
  return new Error(
    `${name}: a tensor must have at most ${megabytes(segment)}, got ${megabytes(wanted)}; ` +
      'lower the batch, the image size or the width of the model',
  );
}
