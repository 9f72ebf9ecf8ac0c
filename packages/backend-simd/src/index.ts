import { defineEngine, THREADS } from '@twocan/engine';
import { type SimdOptions, type SimdReport, startEngine } from './engine.ts';
import { lookAround } from './platform.ts';

export type { SimdOptions, SimdReport } from './engine.ts';

const simd = defineEngine<SimdOptions, SimdReport>({
  name: 'simd',
  priority: 2, // above cpu, below what needs a GPU
  options: {
    threads: THREADS,
    relaxed: {
      rule: 'true or false',
      holds: (value) => typeof value === 'boolean',
      optional: true,
    },
  },
  start: (options) => startEngine(lookAround(), options),
});

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
  simd.configure('configureSimd', options);
}

/**
 * What the backend computes with, and why not with more.
 *
 * @param name of a backend of {@link registerSimd}; by default `simd`
 * @returns the report; undefined before the backend has started, and after it was removed
 * @example
 * await setBackend('simd');
 * console.log(simdReport()?.threads);
 */
export function simdReport(name = 'simd'): SimdReport | undefined {
  return simd.report('simdReport', name);
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
  simd.register('registerSimd', name, options);
}

simd.offer();

export { measurePeak } from '@twocan/engine';
