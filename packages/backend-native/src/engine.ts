import { calls, type Engine, makeHeap } from '@twocan/engine';
import type { Addon, Instructions } from './support.ts';

/** Options of the backend; all are optional. */
export type NativeOptions = {
  /** Threads, the caller's included; by default one for each processor. */
  readonly threads?: number;
  /** Which instructions to use; by default the best that the processor has. */
  readonly instructions?: Instructions;
};

/** What the backend computes with. */
export type NativeReport = {
  readonly threads: number;
  readonly instructions: Instructions;
  /** Bytes that its memory may have at most. */
  readonly memory: number;
};

/** A typed array of Node 20 has at most 4 GB, so the memory is several buffers, and no block crosses two. */
const SEGMENT = 2 ** 31;
const PAGE = 65_536;
/** Milliseconds; what a whole one of them leaves unused goes back to the system. */
const BETWEEN_TRIMS = 30_000;
/** The system must keep some of the machine's memory for itself, else it ends the process. */
const SHARE = 7 / 8;

/** Bytes that the memory may have: of what the machine, or the container, has. */
function limitOf(): number {
  const total = process.getBuiltinModule('node:os').totalmem();
  const allowed = process.constrainedMemory();
  const most = allowed > 0 && allowed < total ? allowed : total;
  return Math.floor((SHARE * most) / PAGE) * PAGE;
}

/**
 * Reserves the memory and starts the threads.
 *
 * @param addon the native code
 * @param options threads and instructions
 * @returns the engine, and what it computes with
 * @throws RangeError for instructions that the processor does not have; Error where the system gives no memory
 */
export function startEngine(
  addon: Addon,
  options: NativeOptions,
): { readonly engine: Engine; readonly report: NativeReport } {
  const { instructions: here, values: valuesAt, mostValues, first } = addon.about();
  const { threads = process.getBuiltinModule('node:os').availableParallelism() } = options;
  const { instructions = here[0] as Instructions } = options;
  if (!here.includes(instructions)) {
    throw new RangeError(
      `native: instructions must be of this processor (${here.join(', ')}), got ${instructions}`,
    );
  }
  const limit = limitOf();
  const native = new addon.NativeEngine(threads, instructions, limit);
  const buffers: ArrayBuffer[] = [];
  const segment = (index: number): ArrayBuffer => {
    const at = index * SEGMENT;
    buffers[index] ??= native.segment(at, Math.min(SEGMENT, limit - at));
    return buffers[index];
  };
  const place = (at: number): readonly [buffer: ArrayBuffer, offset: number] => {
    const index = Math.floor(at / SEGMENT);
    return [segment(index), at - index * SEGMENT];
  };
  let size = first;
  const memory = {
    size: () => size,
    grow(bytes: number): boolean {
      if (!native.grow(size + bytes)) return false;
      size += bytes;
      return true;
    },
    discard: (at: number, bytes: number): void => native.discard(at, bytes),
  };
  const heap = makeHeap(memory, {
    name: 'native',
    from: first,
    most: limit,
    segment: SEGMENT,
  });
  const trims = setInterval(heap.trim, BETWEEN_TRIMS);
  trims.unref();
  const values = new Float64Array(segment(0), valuesAt, mostValues);
  const engine: Engine = {
    name: 'native',
    threads: native.threads,
    lanes: native.lanes,
    heap,
    floats(at, length) {
      const [buffer, offset] = place(at);
      return new Float32Array(buffer, offset, length);
    },
    integers(at, length) {
      const [buffer, offset] = place(at);
      return new Int32Array(buffer, offset, length);
    },
    bytes(at, length) {
      const [buffer, offset] = place(at);
      return new Uint8Array(buffer, offset, length);
    },
    stays: true,
    owns: (buffer) => buffers.includes(buffer as ArrayBuffer),
    run(kernel, given, tasks) {
      values.set(given);
      native.run(kernel, given.length, tasks);
    },
    product: (product) => calls.product(engine, product),
    reserveAttention() {}, // threads make room as they need it
    stop() {
      clearInterval(trims);
      native.stop();
    },
  };
  return { engine, report: { threads: native.threads, instructions, memory: limit } };
}
