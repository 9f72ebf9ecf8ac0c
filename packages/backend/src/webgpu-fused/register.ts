import { type Kernels, registerKernels } from '../kernels.ts';
import { adamwKernels } from './adamw.ts';
import { attentionKernels } from './attention.ts';
import { correctKernels } from './corrections.ts';
import { layerNormKernels } from './layer-norm.ts';
import { linearKernels } from './linear.ts';

const KERNELS: Kernels = {
  ...linearKernels,
  ...layerNormKernels,
  ...attentionKernels,
  ...adamwKernels,
};

/**
 * Registers kernels of operations in few dispatches, and corrects tfjs's own.
 *
 * @param backendName the name under which tfjs knows the backend
 */
export function registerWebgpuKernels(backendName: string): void {
  correctKernels(backendName);
  registerKernels(backendName, KERNELS);
}
