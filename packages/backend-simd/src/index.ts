import '@tensorflow/tfjs-backend-cpu';
import { backend, getBackend, registerBackend } from '@tensorflow/tfjs-core';
import { SimdBackend } from './backend.ts';
import { type SimdOptions, type SimdReport, startEngine } from './engine.ts';
import { fusedKernels } from './fused/index.ts';
import { binaryKernels } from './kernels/binary.ts';
import { matMulKernels } from './kernels/matmul.ts';
import { moveKernels } from './kernels/move.ts';
import { reduceKernels } from './kernels/reduce.ts';
import { registerKernels } from './kernels/register.ts';
import { rowKernels } from './kernels/rows.ts';
import { TASK } from './kernels/tasks.ts';
import { unaryKernels } from './kernels/unary.ts';
import { lookAround } from './platform.ts';

export type { SimdOptions, SimdReport } from './engine.ts';

const NAME = 'simd';
const reports = new Map<string, SimdReport>();
let wanted: SimdOptions = optionsOfEnvironment();

/** TWOCAN_THREADS, where there is an environment. */
function optionsOfEnvironment(): SimdOptions {
  const word = typeof process === 'undefined' ? undefined : process.env?.TWOCAN_THREADS;
  return word ? { threads: Number(word) } : {};
}

/**
 * Sets the options of the backend, before it is first used.
 *
 * @param options threads and instructions
 * @throws Error once the backend has started
 * @example
 * configureSimd({ threads: 4 });
 * await setBackend('simd');
 */
export function configureSimd(options: SimdOptions): void {
  checkOptions('configureSimd', options);
  if (reports.has(NAME)) {
    throw new Error('configureSimd: must be called before the backend starts; call it earlier');
  }
  wanted = { ...wanted, ...options };
}

function checkOptions(caller: string, options: SimdOptions): void {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw new TypeError(`${caller}: options must be an object of options, got ${String(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (name === 'relaxed' && typeof value === 'boolean') continue;
    const count = name === 'threads' ? Number(value) : Number.NaN;
    if (typeof value === 'number' && Number.isInteger(count) && count >= 1 && count <= 1024)
      continue;
    throw new RangeError(
      `${caller}: options must hold threads (1 to 1024) or relaxed (true or false) alone, ` +
        `got ${name}: ${String(value)}`,
    );
  }
}

/**
 * What the backend computes with, and why not with more.
 *
 * @param name of a backend of {@link registerSimd}; by default `simd`
 * @returns the report; undefined before the backend has started
 * @example
 * await setBackend('simd');
 * console.log(simdReport()?.threads);
 */
export function simdReport(name = NAME): SimdReport | undefined {
  if (typeof name !== 'string') {
    throw new TypeError(`simdReport: name must be a string, got ${String(name)}`);
  }
  return reports.get(name);
}

/**
 * Registers one more backend of this kind under a name of its own, with memory and threads of its own.
 * Importing the package has registered `simd` already.
 *
 * @param name the name for `setBackend`
 * @param options threads and instructions
 * @example
 * registerSimd('simd-one', { threads: 1 });
 * await setBackend('simd-one');
 */
export function registerSimd(name: string, options: SimdOptions): void {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`registerSimd: name must be a string, got ${String(name)}`);
  }
  checkOptions('registerSimd', options);
  register(name, () => options, 0);
}

/**
 * How many multiplications and additions the threads can do at most: a loop on registers, the ceiling of
 * every kernel here.
 *
 * @returns in 10⁹ a second
 * @throws Error unless `simd` is the current backend
 * @example
 * console.log(`${measurePeak().toFixed(0)} GFLOP/s`);
 */
export function measurePeak(): number {
  const current = backend();
  if (!(current instanceof SimdBackend)) {
    throw new Error(`measurePeak: the backend must be simd, got ${getBackend()}; call setBackend`);
  }
  const { engine } = current;
  const [tasks, rounds] = [4 * engine.report.threads, 1_000_000];
  const once = (): number =>
    current.temporary(16 * tasks, (at) => {
      const begin = performance.now();
      engine.run(TASK.multiplyAdds, [tasks, 1, rounds, at], tasks);
      return performance.now() - begin;
    });
  const best = Math.min(...Array.from({ length: 5 }, once));
  return (tasks * rounds * 12 * 4 * 2) / best / 1e6;
}

function register(name: string, options: () => SimdOptions, priority: number): void {
  registerKernels(name, {
    ...unaryKernels,
    ...binaryKernels,
    ...moveKernels,
    ...reduceKernels,
    ...matMulKernels,
    ...rowKernels,
    ...fusedKernels,
  });
  const start = (): SimdBackend => {
    const engine = startEngine(lookAround(), options());
    reports.set(name, engine.report);
    return new SimdBackend(engine);
  };
  registerBackend(name, start, priority);
}

register(NAME, () => wanted, 2); // above cpu, below what needs a GPU
