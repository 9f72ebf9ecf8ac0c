import { MODULES } from './generated/modules.ts';
import { type Heap, makeHeap } from './heap.ts';
import type { Platform } from './platform.ts';
import { startWorker } from './workers.ts';

/** Options of the backend; all are optional. */
export type SimdOptions = {
  /** Threads, the caller's included; by default one for each processor. */
  readonly threads?: number;
  /** Fused multiply-add; by default on where the platform has it. */
  readonly relaxed?: boolean;
};

/** What the backend computes with. */
export type SimdReport = {
  readonly threads: number;
  readonly instructions: 'simd' | 'relaxed';
  /** Why there are not more threads, or no relaxed SIMD; empty where nothing is missing. */
  readonly why: readonly string[];
};

/** One linear memory, the kernels on it, and the threads that run them. */
export type Engine = {
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  readonly report: SimdReport;
  /** Bytes of scratch that each thread has beyond what products need. */
  readonly reserve: (bytes: number) => void;
  /** Runs a kernel cut into tasks; words are integers or bits of floats. */
  readonly run: (kernel: number, words: readonly number[], tasks: number) => void;
  /** Ends the threads; what needs them fails from then on. */
  readonly stop: () => void;
  readonly exports: KernelExports;
};

type KernelExports = {
  readonly runTask: (kernel: number, words: number, task: number, scratch: number) => void;
  readonly gemmScratch: () => number;
  readonly attentionScratch: (tokens: number) => number;
  readonly scatterAddRows: (
    x: number,
    index: number,
    y: number,
    rows: number,
    n: number,
    count: number,
  ) => void;
};

type PoolExports = KernelExports & {
  readonly wordsOf: (control: number) => number;
  readonly open: (control: number, kernel: number) => void;
  readonly run: (
    control: number,
    tasks: number,
    helpers: number,
    scratch: number,
    spins: number,
  ) => number;
  readonly finished: (control: number, tasks: number, spins: number) => number;
  readonly end: (control: number) => void;
  readonly sleep: (control: number, tasks: number, milliseconds: bigint) => number;
};

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536; // 4 GB
const CONTROL = 1024; // the control block; below it nothing is used, so that 0 is no place
const FIRST_FREE = 8192;
const WORKER_SPINS = 20_000; // about 50 microseconds: a sleeper needs 30 to wake
const CALLER_SPINS = 100_000;
const PATIENCE = 60_000; // milliseconds without an end before a worker is taken for dead
const MOST_WORDS = 32;
const STUCK = 'simd: a worker took no task to its end for a minute and must be dead; start again';

/**
 * Compiles the kernels and starts the threads.
 *
 * @param platform what there is
 * @param options threads and instructions
 * @returns the engine
 * @throws RangeError for threads below 1; Error where WebAssembly has no SIMD
 */
export function startEngine(platform: Platform, options: SimdOptions = {}): Engine {
  const { threads = platform.processors } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`simd: threads must be a whole number of at least 1, got ${threads}`);
  }
  if (!platform.simd)
    throw new Error('simd: WebAssembly must have SIMD; use the wasm or cpu backend');
  const relaxed = platform.relaxed && options.relaxed !== false;
  const shared = platform.threads && threads > 1;
  const name = `${shared ? 'threads' : 'single'}${relaxed ? 'Relaxed' : ''}` as const;
  const module = new WebAssembly.Module(bytesOf(MODULES[name]) as BufferSource);
  const initial = { initial: 256, maximum: MAXIMUM_PAGES };
  const memory = new WebAssembly.Memory(shared ? { ...initial, shared: true } : { initial: 256 });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const exports = instance.exports as unknown as PoolExports;
  const heap = makeHeap(memory, { from: FIRST_FREE, maximumPages: MAXIMUM_PAGES });
  const report: SimdReport = {
    threads: shared ? threads : 1,
    instructions: relaxed ? 'relaxed' : 'simd',
    why: platform.why,
  };
  return shared
    ? { ...threaded(module, memory, exports, heap, threads), memory, heap, report, exports }
    : { ...alone(memory, exports, heap), memory, heap, report, exports };
}

type Running = Pick<Engine, 'run' | 'reserve' | 'stop'>;

/** A view that is made anew when the memory has grown: growing detaches what is not shared. */
function wordsAt(memory: WebAssembly.Memory, at: number): () => Int32Array {
  let view = new Int32Array(memory.buffer, at, MOST_WORDS);
  return () => {
    if (view.buffer !== memory.buffer) view = new Int32Array(memory.buffer, at, MOST_WORDS);
    return view;
  };
}

function alone(memory: WebAssembly.Memory, exports: KernelExports, heap: Heap): Running {
  let size = exports.gemmScratch() + PAGE;
  let scratch = heap.allocate(size);
  const words = wordsAt(memory, CONTROL);
  return {
    reserve(bytes) {
      if (bytes <= size) return;
      heap.release(scratch, size);
      size = bytes;
      scratch = heap.allocate(size);
    },
    run(kernel, given, tasks) {
      words().set(given);
      for (let task = 0; task < tasks; task++) exports.runTask(kernel, CONTROL, task, scratch);
    },
    stop() {},
  };
}

function threaded(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  exports: PoolExports,
  heap: Heap,
  threads: number,
): Running {
  // Workers cannot get a larger scratch while they run, so each has room for long sequences.
  const size = exports.attentionScratch(MOST_TOKENS);
  const scratch = heap.allocate(size * threads);
  let dead: string | undefined;
  for (let i = 1; i < threads; i++) {
    const start = {
      module,
      memory,
      control: CONTROL,
      scratch: scratch + i * size,
      spins: WORKER_SPINS,
    };
    startWorker(start, (reason) => {
      dead ??= reason;
    });
  }
  const at = exports.wordsOf(CONTROL);
  const words = wordsAt(memory, at);
  const maySleep = canSleep();
  const open = (kernel: number, given: readonly number[]): void => {
    exports.open(CONTROL, kernel);
    words().set(given);
  };
  return {
    reserve(bytes) {
      if (bytes > size) {
        throw new RangeError(
          `simd: attention must have at most ${MOST_TOKENS} tokens with threads, got scratch of ${bytes} bytes; use one thread`,
        );
      }
    },
    run(kernel, given, tasks) {
      if (tasks === 1) {
        // No thread reads the arguments of the last kernel any more.
        open(kernel, given);
        exports.runTask(kernel, at, 0, scratch);
        return;
      }
      if (dead !== undefined) throw new Error(`simd: a worker must live, but ${dead}; start again`);
      open(kernel, given);
      const helpers = Math.min(threads, tasks) - 1;
      try {
        if (exports.run(CONTROL, tasks, helpers, scratch, CALLER_SPINS)) return;
      } catch (cause) {
        // Within a product, tickets wait for earlier ones, and give up with a trap after a minute or so.
        throw new Error(STUCK, { cause });
      }
      waitFor(exports, tasks, maySleep);
    },
    stop() {
      dead = 'the backend was disposed';
      exports.end(CONTROL);
    },
  };
}

const MOST_TOKENS = 1100; // 1024 patches and a class token, say; 5 MB a thread

function waitFor(exports: PoolExports, tasks: number, maySleep: boolean): void {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const done = maySleep
      ? exports.sleep(CONTROL, tasks, 1000n)
      : exports.finished(CONTROL, tasks, CALLER_SPINS);
    if (done) return;
    if (performance.now() > until) {
      throw new Error(STUCK);
    }
  }
}

/** A browser's main thread may not sleep. */
function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
