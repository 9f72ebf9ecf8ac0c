import type { Memory } from './wasm.ts';

const PAGE = 65536;
const ALIGN = 64;

/** Blocks of one linear memory: a freed block is used again for the same or a slightly smaller size. */
export type Heap = {
  /** Offset of a block of at least so many bytes, aligned to 64. */
  readonly alloc: (bytes: number) => number;
  readonly free: (offset: number) => void;
  readonly inUse: () => number;
};

/** Rounds up to one of four sizes per power of two, so that freed blocks fit again. */
function sizeClass(bytes: number): number {
  const wanted = Math.max(bytes, ALIGN);
  const power = 2 ** Math.floor(Math.log2(wanted));
  const quantum = Math.max(ALIGN, power / 4);
  return Math.ceil(wanted / quantum) * quantum;
}

/**
 * A heap over a WebAssembly memory that grows as it must.
 *
 * @param memory grown up to its maximum
 * @param maximum bytes of that maximum, for the error
 * @returns the heap
 * @throws Error from `alloc`, with code `OUT_OF_MEMORY`, when the platform gives no more
 */
export function createHeap(memory: Memory, maximum: number): Heap {
  const freed = new Map<number, number[]>();
  const sizes = new Map<number, number>();
  let top = ALIGN;
  let used = 0;

  const take = (size: number): number | undefined => freed.get(size)?.pop();

  /** A freed block up to twice as large, for the case that there is no room to grow. */
  const takeLarger = (size: number): [number, number] | undefined => {
    for (const [of, list] of freed) {
      if (of <= size || of > 2 * size) continue;
      const offset = list.pop();
      if (offset !== undefined) return [offset, of];
    }
    return undefined;
  };

  const grow = (end: number): boolean => {
    const have = memory.buffer.byteLength;
    if (end <= have) return true;
    const least = Math.ceil((end - have) / PAGE);
    // An eighth more than asked, so that growing is rare; exactly what is asked near the limit.
    for (const pages of [Math.max(least, Math.ceil(have / 8 / PAGE)), least]) {
      try {
        memory.grow(pages);
        return true;
      } catch {}
    }
    return false;
  };

  return {
    alloc: (bytes) => {
      let size = sizeClass(bytes);
      let offset = take(size);
      if (offset === undefined && grow(top + size)) {
        offset = top;
        top += size;
      }
      if (offset === undefined) {
        const larger = takeLarger(size);
        if (larger === undefined) throw outOfMemory(bytes, used, maximum);
        [offset, size] = larger;
      }
      sizes.set(offset, size);
      used += size;
      return offset;
    },
    free: (offset) => {
      const size = sizes.get(offset);
      if (size === undefined) throw new Error(`heap: no block starts at ${offset}`);
      sizes.delete(offset);
      used -= size;
      const list = freed.get(size);
      if (list) list.push(offset);
      else freed.set(size, [offset]);
    },
    inUse: () => used,
  };
}

function outOfMemory(bytes: number, used: number, maximum: number): Error {
  const mb = (n: number): string => `${(n / 2 ** 20).toFixed(1)} MB`;
  const message =
    `backend simd: no room for ${mb(bytes)}, ${mb(used)} of at most ${mb(maximum)} are in use; ` +
    'lower the batch size, the image size or the width of the model';
  return Object.assign(new Error(message), { code: 'OUT_OF_MEMORY' });
}
