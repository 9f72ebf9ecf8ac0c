/** Blocks of one linear memory, handed out and taken back. */
export type Heap = {
  /** A block of at least so many bytes, 64-byte aligned. @throws Error when the memory is full */
  readonly allocate: (bytes: number) => number;
  readonly release: (offset: number, bytes: number) => void;
  /** Bytes in blocks that are handed out, and bytes that the memory has. */
  readonly report: () => { readonly inUse: number; readonly reserved: number };
};

const PAGE = 65_536;
const SMALLEST = 64;

/**
 * The size that a request is rounded up to: eight sizes for each power of two, so that blocks are used
 * again by requests of nearly the same size, and at most an eighth is wasted.
 */
function classOf(bytes: number): number {
  const wanted = Math.max(SMALLEST, bytes);
  const octave = 2 ** Math.floor(Math.log2(wanted));
  const step = Math.max(SMALLEST, octave / 8);
  return Math.ceil(wanted / step) * step;
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
  const free = new Map<number, number[]>();
  let top = Math.ceil(from / SMALLEST) * SMALLEST;
  let inUse = 0;

  const grow = (end: number, asked: number): void => {
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
    throw outOfMemory(asked, inUse, maximumPages * PAGE);
  };

  return {
    allocate(bytes) {
      const size = classOf(bytes);
      const known = free.get(size)?.pop();
      if (known === undefined) grow(top + size, bytes);
      inUse += size;
      if (known !== undefined) return known;
      const offset = top;
      top += size;
      return offset;
    },
    release(offset, bytes) {
      const size = classOf(bytes);
      inUse -= size;
      const list = free.get(size);
      if (list === undefined) free.set(size, [offset]);
      else list.push(offset);
    },
    report: () => ({ inUse, reserved: memory.buffer.byteLength }),
  };
}

function outOfMemory(asked: number, inUse: number, limit: number): Error {
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  return new Error(
    `simd: memory must hold ${megabytes(asked)} more, got ${megabytes(inUse)} in use of at most ` +
      `${megabytes(limit)}; lower the batch, the image size or the width of the model`,
  );
}
