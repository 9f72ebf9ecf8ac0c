import { FLOATS, type Heap } from '@twocan/engine';
import { startWorker } from './workers.ts';

/** What the modules export for the host. */
type KernelExports = {
  readonly runTask: (kernel: number, words: number, task: number, scratch: number) => void;
  readonly gemmScratch: () => number;
  readonly attentionScratch: (tokens: number) => number;
};

/** In addition, what the modules with threads export. */
export type PoolExports = KernelExports & {
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
/** The control block; below it nothing is used, so that 0 is no place. */
const CONTROL = 1024;
/** Where blocks may begin. */
export const FIRST_FREE = 8192;
const WORKER_SPINS = 20_000; // about 50 microseconds: a sleeper needs 30 to wake
const CALLER_SPINS = 100_000;
const PATIENCE = 60_000; // milliseconds without an end before a worker is taken for dead
const MOST_WORDS = 32;
const MOST_TOKENS = 1100; // 1024 patches and a class token, say; 5 MB a thread
const STUCK = 'simd: a worker took no task to its end for a minute and must be dead; start again';

/** The threads that run the kernels. */
type Running = {
  /** Runs a kernel cut into tasks. */
  readonly run: (kernel: number, values: readonly number[], tasks: number) => void;
  /** Has scratch of so many bytes for each thread. */
  readonly reserve: (bytes: number) => void;
  readonly stop: () => void;
};

/** Writes the arguments of a kernel as 32-bit words; views are made anew when the memory has grown. */
function writerAt(memory: WebAssembly.Memory, at: number) {
  const views = () => ({
    words: new Int32Array(memory.buffer, at, MOST_WORDS),
    floats: new Float32Array(memory.buffer, at, MOST_WORDS),
  });
  let { words, floats } = views();
  return (kernel: number, values: readonly number[]): void => {
    if (words.buffer !== memory.buffer) ({ words, floats } = views());
    // Loops of plain numbers: `set` of an array takes microseconds.
    for (let i = 0; i < values.length; i++) words[i] = values[i] as number;
    for (const i of FLOATS[kernel] ?? []) floats[i] = values[i] as number;
  };
}

/** One thread, the caller's. */
export function alone(memory: WebAssembly.Memory, exports: KernelExports, heap: Heap): Running {
  let size = exports.gemmScratch() + PAGE;
  let scratch = heap.allocate(size);
  const write = writerAt(memory, CONTROL);
  return {
    reserve(bytes) {
      if (bytes <= size) return;
      heap.release(scratch, size);
      size = bytes;
      scratch = heap.allocate(size);
    },
    run(kernel, values, tasks) {
      write(kernel, values);
      for (let task = 0; task < tasks; task++) exports.runTask(kernel, CONTROL, task, scratch);
    },
    stop() {},
  };
}

/** The caller's thread and workers. */
export function threaded(
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
  const workers = Array.from({ length: threads - 1 }, (_, i) => {
    const places = { control: CONTROL, scratch: scratch + (i + 1) * size };
    return startWorker({ module, memory, ...places, spins: WORKER_SPINS }, (reason) => {
      dead ??= reason;
    });
  });
  const at = exports.wordsOf(CONTROL);
  const write = writerAt(memory, at);
  const maySleep = canSleep();
  const open = (kernel: number, values: readonly number[]): void => {
    exports.open(CONTROL, kernel);
    write(kernel, values);
  };
  return {
    reserve(bytes) {
      if (bytes > size) {
        throw new RangeError(
          `simd: attention must have at most ${MOST_TOKENS} tokens with threads, got scratch of ${bytes} bytes; use one thread`,
        );
      }
    },
    run(kernel, values, tasks) {
      if (dead !== undefined) throw new Error(`simd: a worker must live, but ${dead}; start again`);
      const helpers = Math.min(threads, tasks) - 1;
      try {
        // From then on no thread reads the arguments of the last kernel any more.
        open(kernel, values);
        if (tasks === 1) return exports.runTask(kernel, at, 0, scratch);
        if (exports.run(CONTROL, tasks, helpers, scratch, CALLER_SPINS)) return;
      } catch (cause) {
        // Threads that wait for others give up with a trap after a minute or so.
        throw new Error(STUCK, { cause });
      }
      waitFor(exports, tasks, maySleep);
    },
    stop() {
      dead = 'the backend was disposed';
      exports.end(CONTROL);
      for (const worker of workers) worker.stop();
    },
  };
}

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
