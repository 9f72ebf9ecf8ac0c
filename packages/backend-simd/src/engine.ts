import { calls, type Engine, KERNEL, makeHeap, ONE_ITEM, type Product } from '@twocan/engine';
import { MODULES } from './generated/modules.ts';
import { productPlanValues } from './plan.ts';
import type { Platform } from './platform.ts';
import { planProduct } from './product.ts';
import { alone, FIRST_FREE, type PoolExports, threaded } from './running.ts';

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

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536; // 4 GB

/**
 * Compiles the kernels and starts the threads.
 *
 * @param platform what there is
 * @param options threads and instructions
 * @returns the engine, and what it computes with
 * @throws RangeError for threads below 1; Error where WebAssembly has no SIMD
 */
export function startEngine(
  platform: Platform,
  options: SimdOptions = {},
): { readonly engine: Engine; readonly report: SimdReport } {
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
  const heap = heapOf(memory);
  const running = shared
    ? threaded(module, memory, exports, heap, threads)
    : alone(memory, exports, heap);
  const report: SimdReport = {
    threads: shared ? threads : 1,
    instructions: relaxed ? 'relaxed' : 'simd',
    why: platform.why,
  };
  const engine: Engine = {
    name: 'simd',
    threads: report.threads,
    lanes: 4,
    heap,
    floats: (at, length) => new Float32Array(memory.buffer, at, length),
    integers: (at, length) => new Int32Array(memory.buffer, at, length),
    bytes: (at, length) => new Uint8Array(memory.buffer, at, length),
    stays: shared,
    owns: (buffer) => buffer === memory.buffer,
    run: running.run,
    product: (product) => multiply(engine, product),
    reserveAttention: (tokens) => running.reserve(exports.attentionScratch(tokens)),
    stop: running.stop,
  };
  return { engine, report };
}

function heapOf(memory: WebAssembly.Memory) {
  const grow = (bytes: number): boolean => {
    try {
      memory.grow(Math.ceil(bytes / PAGE));
      return true;
    } catch {
      return false;
    }
  };
  const size = (): number => memory.buffer.byteLength;
  return makeHeap({ size, grow }, { name: 'simd', from: FIRST_FREE, most: MAXIMUM_PAGES * PAGE });
}

/** Runs the tickets of a product, in memory of its own. */
function multiply(engine: Engine, product: Product): void {
  const { ring, partial, counters, depths, tasks, planAt } = planProduct(product, engine.threads);
  const bytes = 4 * (ring + partial + counters);
  const at = engine.heap.allocate(bytes);
  try {
    const partialAt = at + 4 * ring;
    const countersAt = partialAt + 4 * partial;
    engine.integers(countersAt, counters).fill(0);
    const plan = planAt(at, partialAt, countersAt);
    engine.run(KERNEL.product, productPlanValues(plan), tasks);
    if (partial === 0) return;
    const sums = { code: 0, x: partialAt, y: product.sums, reduced: depths };
    calls.reduceColumns(engine, ONE_ITEM, { ...sums, inner: product.n, scale: 1 });
  } finally {
    engine.heap.release(at, bytes);
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
