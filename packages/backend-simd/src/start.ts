import '@tensorflow/tfjs-backend-cpu';
import { getKernelsForBackend, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { SimdBackend } from './backend.ts';
import { startEngine } from './engine.ts';
import { registerBinary } from './kernels/binary.ts';
import { registerFused } from './kernels/fused.ts';
import { registerGather } from './kernels/gather.ts';
import { registerMatmul } from './kernels/matmul.ts';
import { registerReduce } from './kernels/reduce.ts';
import { NAME, registerFallbacks, setDebug } from './kernels/register.ts';
import { registerShape } from './kernels/shape.ts';
import { registerUnary } from './kernels/unary.ts';
import { chooseVariant, type SimdOptions } from './variant.ts';

/** What the backend computes with, after it has started. */
export type SimdReport = {
  readonly threads: number;
  readonly variant: 'relaxed' | 'simd';
  /** Why there are no more threads and no faster variant; empty if nothing was missed. */
  readonly why: string;
};

let options: SimdOptions = {};
let report: SimdReport | undefined;

/**
 * Sets threads and variant, before the backend starts; if it has started, it starts anew, and tensors
 * that stand on it are lost.
 *
 * @param wanted what to compute with; unset: as many threads as the machine has, the fastest variant
 * @throws RangeError from `setBackend` if `threads` is out of range
 * @example
 * configureSimd({ threads: 2 });
 * await setBackend('simd');
 */
export function configureSimd(wanted: SimdOptions): void {
  options = wanted;
  setDebug(wanted.debug === true);
  if (report === undefined) return;
  removeBackend(NAME);
  report = undefined;
  register();
}

/**
 * Says what the backend computes with.
 *
 * @returns threads, variant and reasons; undefined before the backend has started
 * @example
 * await setBackend('simd');
 * simdReport(); // { threads: 2, variant: 'relaxed', why: '' }
 */
export function simdReport(): SimdReport | undefined {
  return report;
}

function register(): void {
  // Between cpu (1) and webgl (2): tfjs takes the highest of what is loaded if nobody chooses.
  registerBackend(
    NAME,
    async () => {
      const variant = await chooseVariant(options);
      const engine = await startEngine(variant);
      report = { threads: variant.threads, variant: variant.name, why: variant.why };
      return new SimdBackend(engine);
    },
    2,
  );
}

registerFallbacks(getKernelsForBackend('cpu'));
registerUnary();
registerBinary();
registerReduce();
registerShape();
registerGather();
registerMatmul();
registerFused();
register();
