import { fusedKernels } from '../fused/index.ts';
import { binaryKernels } from './binary.ts';
import { matMulKernels } from './matmul.ts';
import { moveKernels } from './move.ts';
import { reduceKernels } from './reduce.ts';
import type { Kernels } from './register.ts';
import { rowKernels } from './rows.ts';
import { unaryKernels } from './unary.ts';

/** All that an engine computes itself, by the names that tfjs and `@twocan/ops` have for it. */
export const ENGINE_KERNELS: Kernels = {
  ...unaryKernels,
  ...binaryKernels,
  ...moveKernels,
  ...reduceKernels,
  ...matMulKernels,
  ...rowKernels,
  ...fusedKernels,
};

/** The names of what every engine computes itself: those of tfjs, and `twocan.` those of `@twocan/ops`. */
export const kernelNames: readonly string[] = Object.keys(ENGINE_KERNELS);
