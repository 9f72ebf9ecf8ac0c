import { backend, getBackend } from '@tensorflow/tfjs-core';
import { EngineBackend } from './backend.ts';
import { calls } from './calls.ts';

const ROUNDS = 1_000_000;
/** Vectors that one round multiplies and adds to. */
const VECTORS = 12;

/**
 * How many multiplications and additions the threads can do at most: a loop on registers, the ceiling of
 * every kernel.
 *
 * @returns in 10⁹ a second
 * @throws Error unless the current backend computes with an engine
 * @example
 * console.log(`${measurePeak().toFixed(0)} GFLOP/s`);
 */
export function measurePeak(): number {
  const current = backend();
  if (!(current instanceof EngineBackend)) {
    throw new Error(
      `measurePeak: the backend must be simd or native, got ${getBackend()}; call setBackend`,
    );
  }
  const { engine } = current;
  const tasks = 4 * engine.threads;
  const once = (): number =>
    current.temporary(4 * tasks, (to) => {
      const begin = performance.now();
      calls.multiplyAdds(engine, { items: tasks, chunk: 1 }, { rounds: ROUNDS, to });
      return performance.now() - begin;
    });
  const best = Math.min(...Array.from({ length: 5 }, once));
  return (tasks * ROUNDS * VECTORS * engine.lanes * 2) / best / 1e6;
}
