import { createHeap, type Heap } from './heap.ts';
import type { Variant } from './variant.ts';
import { type Memory, wasm } from './wasm.ts';
import { type PoolWorker, startWorker } from './worker.ts';

/** What the kernels' module exports. */
type Exports = {
  readonly gemmScratch: () => number;
  readonly attach: (control: number, scratch: number) => void;
  readonly close: (spins: number) => number;
  readonly open: (tickets: number, wake: number) => void;
  readonly join: (spins: number) => number;
  readonly retire: () => void;
};

/** Kernels over one linear memory, on one or more threads. */
export type Engine = {
  readonly memory: Memory;
  readonly heap: Heap;
  readonly variant: Variant;
  /** Runs `items` of a kernel, `each` at a time; with few of them (`light`) on this thread alone. */
  readonly run: (
    kernel: number,
    items: number,
    each: number,
    args: readonly number[],
    light?: boolean,
  ) => void;
  /** Writes up to 64 words where kernels can read them until the next job, and says where. */
  readonly table: (words: readonly number[]) => number;
  readonly end: () => void;
};

const PAGE = 65536;
// A worker polls about 50 µs before it sleeps: waking one costs 30 µs.
const WORKER_SPINS = 20_000;
const SPINS = 1_000_000;
/** After so long without an end a worker must have died with a ticket in hand. */
const PATIENCE_MS = 30_000;
const CONTROL_BYTES = 2048;
const JOB_AT = 384;
const TABLE_AT = 1024;

function createMemory(shared: boolean): { memory: Memory; maximum: number } {
  // 4 GB where the platform lets us reserve so much, else less.
  for (const maximum of [65536, 32768, 16384, 4096]) {
    try {
      return {
        memory: new wasm.Memory({ initial: 256, maximum, shared }),
        maximum: maximum * PAGE,
      };
    } catch {}
  }
  throw new Error('backend simd: the platform gives no memory; close other programs or tabs');
}

/**
 * Starts the kernels and the pool.
 *
 * @param variant what was chosen
 * @returns the engine
 */
export async function startEngine(variant: Variant): Promise<Engine> {
  const { memory, maximum } = createMemory(variant.shared);
  const abort = (): never => {
    throw new Error('backend simd: a kernel aborted');
  };
  const instance = await wasm.instantiate(variant.module, { env: { memory, abort } });
  const kernels = instance.exports as unknown as Exports;
  const heap = createHeap(memory, maximum);
  const control = heap.alloc(CONTROL_BYTES);
  const scratchBytes = kernels.gemmScratch();
  kernels.attach(control, heap.alloc(scratchBytes));

  let dead: string | undefined;
  const workers: PoolWorker[] = [];
  for (let i = 1; i < variant.threads; i++) {
    const scratch = heap.alloc(scratchBytes);
    const start = { module: variant.module, memory, control, scratch, spins: WORKER_SPINS };
    workers.push(
      await startWorker(start, (why) => {
        dead = why;
      }),
    );
  }

  let words = new Int32Array(memory.buffer);
  const view = (): Int32Array => {
    if (words.buffer !== memory.buffer) words = new Int32Array(memory.buffer);
    return words;
  };
  const fail = (): never => {
    dead ??= `it did not answer for ${PATIENCE_MS / 1000} s`;
    throw Object.assign(
      new Error(`backend simd: a worker thread died (${dead}); start again, or set threads to 1`),
      { code: 'WORKER_DIED' },
    );
  };
  const patiently = (done: () => boolean): void => {
    if (done()) return;
    const start = Date.now();
    while (!done()) if (Date.now() - start > PATIENCE_MS) fail();
  };

  return {
    memory,
    heap,
    variant,
    run: (kernel, items, each, args, light = false) => {
      if (items === 0) return;
      if (dead !== undefined) fail();
      const alone = variant.threads === 1;
      if (!alone) patiently(() => kernels.close(SPINS) === 1);
      const job = view();
      const at = (control + JOB_AT) >> 2;
      job[at] = kernel;
      job[at + 1] = items;
      job[at + 2] = each;
      for (let i = 0; i < args.length; i++) job[at + 3 + i] = args[i] ?? 0;
      const tickets = Math.ceil(items / each);
      kernels.open(tickets, light || alone ? 0 : Math.min(variant.threads, tickets) - 1);
      if (!alone && !light) patiently(() => kernels.join(SPINS) === 1);
    },
    table: (values) => {
      // No job is open between calls, so nobody reads the old table.
      const at = (control + TABLE_AT) >> 2;
      const job = view();
      for (let i = 0; i < values.length; i++) job[at + i] = values[i] ?? 0;
      return control + TABLE_AT;
    },
    end: () => {
      kernels.retire();
      for (const worker of workers) worker.end();
    },
  };
}
