import { registerKernel, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { adamwKernels } from './adamw.ts';
import { attentionKernels } from './attention.ts';
import { correctKernels } from './corrections.ts';
import { layerNormKernels } from './layer-norm.ts';
import { linearKernels } from './linear.ts';

/** Tensors by the names of the op contract; those that a kernel asks for are there. */
export type Named = Readonly<Record<'x' | 'dy' | 'kernel' | 'bias' | 'residual0', Tensor>> &
  Readonly<Record<'scale' | 'qkv' | 'residual1' | 'residual2' | 'residual3', Tensor>> &
  Readonly<Record<'parameter' | 'gradient' | 'm' | 'v', Tensor>>;

/** Kernels of the op contract by their names. */
export type Kernels = Readonly<
  Record<string, (tensors: Named, attributes: Readonly<Record<string, unknown>>) => Tensor[]>
>;

const KERNELS: Kernels = {
  ...linearKernels,
  ...layerNormKernels,
  ...attentionKernels,
  ...adamwKernels,
};

/**
 * Registers kernels of the op contract in few dispatches, and corrects tfjs's own.
 *
 * @param backendName the name under which tfjs knows the backend
 */
export function registerWebgpuKernels(backendName: string): void {
  correctKernels(backendName);
  for (const [kernelName, compute] of Object.entries(KERNELS)) {
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tidy(() => compute(inputs as unknown as Named, attrs ?? {})),
    });
  }
}
