import type { Kernels } from '../kernels.ts';
import { attentionKernels } from './attention.ts';
import { geluKernels } from './gelu.ts';
import { linearKernels } from './linear.ts';

/** Kernels of operations in the ops that stock wasm computes fast. */
export const wasmKernels: Kernels = { ...linearKernels, ...geluKernels, ...attentionKernels };
