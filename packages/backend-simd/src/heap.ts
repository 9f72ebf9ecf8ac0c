/**
 * Blocks of one linear memory, handed out and taken back: the best fit, joined with free neighbours, since a
 * step allocates many sizes and the memory never shrinks.
 */
export type Heap = {
  /** A block of at least so many bytes, 64-byte aligned. @throws Error when the memory is full */
  readonly allocate: (bytes: number) => number;
  readonly release: (offset: number, bytes: number) => void;
  /** Bytes in blocks that are handed out, and bytes that the memory has. */
  readonly report: () => { readonly inUse: number; readonly reserved: number };
};

const PAGE = 65_536;
const SMALLEST = 64;

/** Blocks begin and end at multiples of the smallest. */
const roundUp = (bytes: number): number => Math.max(1, Math.ceil(bytes / SMALLEST)) * SMALLEST;

/** Blocks that are free, in the order of the memory; no two of them touch. */
type FreeBlocks = { readonly starts: number[]; readonly sizes: number[] };

/** The index of the first free block that begins at or after an offset. */
function indexFrom({ starts }: FreeBlocks, offset: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest free block that is large enough, the first of equals; or -1. */
function bestFit({ sizes }: FreeBlocks, size: number): number {
  let best = -1;
  for (let i = 0; i < sizes.length; i++) {
    const here = sizes[i] as number;
    if (here === size) return i;
    if (here > size && (best < 0 || here < (sizes[best] as number))) best = i;
  }
  return best;
}

/** Cuts a block from the front of a free one. */
function take(free: FreeBlocks, index: number, size: number): number {
  const start = free.starts[index] as number;
  if (free.sizes[index] === size) {
    free.starts.splice(index, 1);
    free.sizes.splice(index, 1);
  } else {
    free.starts[index] = start + size;
    (free.sizes[index] as number) -= size;
  }
  return start;
}

/** Puts a block back and joins it with its neighbours. */
function giveBack(free: FreeBlocks, start: number, size: number): void {
  const { starts, sizes } = free;
  const next = indexFrom(free, start);
  const before = next - 1;
  const joinsBefore =
    before >= 0 && (starts[before] as number) + (sizes[before] as number) === start;
  const joinsNext = starts[next] === start + size;
  const length = size + (joinsNext ? (sizes[next] as number) : 0);
  if (joinsBefore) {
    (sizes[before] as number) += length;
    if (joinsNext) take(free, next, sizes[next] as number);
  } else if (joinsNext) {
    starts[next] = start;
    sizes[next] = length;
  } else {
    starts.splice(next, 0, start);
    sizes.splice(next, 0, size);
  }
}

/**
 * Makes the heap of a memory.
 *
 * @param memory what it grows
 * @param options.from the first byte that is free
 * @param options.maximumPages how far it may grow
 * @returns the heap
 */
export function makeHeap(
  memory: WebAssembly.Memory,
  { from, maximumPages }: { readonly from: number; readonly maximumPages: number },
): Heap {
  const free: FreeBlocks = { starts: [], sizes: [] };
  let top = Math.ceil(from / SMALLEST) * SMALLEST;
  let inUse = 0;

  const grow = (end: number, wanted: number): void => {
    const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    const pages = memory.buffer.byteLength / PAGE;
    // A quarter more, while there is room: growing often is slow where it copies.
    const generous = Math.min(Math.max(missing, pages >> 2), maximumPages - pages);
    for (const amount of [generous, missing]) {
      if (amount < missing) continue;
      try {
        memory.grow(amount);
        return;
      } catch {
        // The platform has less than the maximum: try with less, then say so.
      }
    }
    throw outOfMemory(wanted, inUse, maximumPages * PAGE);
  };

  return {
    allocate(bytes) {
      const size = roundUp(bytes);
      const fit = bestFit(free, size);
      if (fit >= 0) {
        inUse += size;
        return take(free, fit, size);
      }
      // What is free at the end is the beginning of the new block.
      const last = free.starts.length - 1;
      const lastSize = free.sizes[last] ?? 0;
      const joins = last >= 0 && (free.starts[last] as number) + lastSize === top;
      const start = joins ? (free.starts[last] as number) : top;
      grow(start + size, bytes);
      if (joins) take(free, last, lastSize);
      top = start + size;
      inUse += size;
      return start;
    },
    release(offset, bytes) {
      const size = roundUp(bytes);
      inUse -= size;
      giveBack(free, offset, size);
    },
    report: () => ({ inUse, reserved: memory.buffer.byteLength }),
  };
}

function outOfMemory(wanted: number, inUse: number, limit: number): Error {
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  return new Error(
    `simd: memory must hold ${megabytes(wanted)} more, got ${megabytes(inUse)} in use of at most ` +
      `${megabytes(limit)}; lower the batch, the image size or the width of the model`,
  );
}
