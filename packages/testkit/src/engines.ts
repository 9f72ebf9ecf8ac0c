import { findBackendFactory } from '@tensorflow/tfjs-core';
import { type Instructions, nativeSupport, registerNative } from '@twocan/backend-native';
import { registerSimd } from '@twocan/backend-simd';

/** An engine of our own, of which the tests of every engine make backends. */
export type TestedEngine = {
  readonly name: string;
  /** What it can compute with here. Results may differ between these, but never between numbers of threads. */
  readonly instructions: readonly string[];
  /** Whether it can have more than one thread here. */
  readonly threaded: boolean;
  /** Registers a backend of it. */
  readonly register: (backend: string, threads: number, instructions: string) => void;
};

const { crossOriginIsolated: isolated, process } = globalThis as {
  readonly crossOriginIsolated?: boolean;
  readonly process?: NodeJS.Process;
};

const SIMD: TestedEngine = {
  name: 'simd',
  instructions: ['relaxed', 'simd'],
  threaded: isolated !== false,
  register: (backend, threads, instructions) =>
    registerSimd(backend, { threads, relaxed: instructions === 'relaxed' }),
};

/** With every set of instructions that the processor has; with none where the addon is not here. */
const NATIVE: TestedEngine = {
  name: 'native',
  instructions: nativeSupport().instructions,
  threaded: true,
  register: (backend, threads, instructions) =>
    registerNative(backend, { threads, instructions: instructions as Instructions }),
};

const ENGINES: readonly TestedEngine[] = [SIMD, NATIVE];

/** A comma-separated list in TWOCAN_TEST_ENGINES narrows a run to some of them. */
function wanted(list: string | undefined): readonly TestedEngine[] {
  if (!list) return ENGINES;
  return list.split(',').map((name) => {
    const engine = ENGINES.find((one) => one.name === name);
    if (engine !== undefined) return engine;
    const known = ENGINES.map((one) => one.name).join(', ');
    throw new RangeError(`TWOCAN_TEST_ENGINES must name engines of ${known}, got ${name}`);
  });
}

/** A backend of an engine. */
export type EngineVariant = {
  /** The name of the backend: `simd, relaxed, 2 threads`. */
  readonly name: string;
  /** Variants that have it in common must give the same bits. */
  readonly arithmetic: string;
  readonly threads: number;
};

/**
 * Registers a backend for every engine, instruction set and number of threads; one that is there already stays.
 *
 * @param threads the numbers of threads; only one where an engine can have no more
 * @returns the backends
 * @example
 * for (const { name } of engineVariants([1, 2])) { await setBackend(name); … }
 */
export function engineVariants(threads: readonly number[]): readonly EngineVariant[] {
  return wanted(process?.env.TWOCAN_TEST_ENGINES).flatMap(
    ({ name: engine, instructions, threaded, register }) =>
      instructions.flatMap((one) =>
        threads
          .filter((count) => threaded || count === 1)
          .map((count) => {
            const arithmetic = `${engine}, ${one}`;
            const name = `${arithmetic}, ${count} thread${count === 1 ? '' : 's'}`;
            if (findBackendFactory(name) === null) register(name, count, one);
            return { name, arithmetic, threads: count };
          }),
      ),
  );
}
