import { getKernel, registerKernel, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** Tensors by the names of an operation's definition; those that a kernel needs are there. */
export type Named = Readonly<Record<'x' | 'dy' | 'kernel' | 'bias' | 'residual0', Tensor>> &
  Readonly<Record<'scale' | 'qkv' | 'residual1' | 'residual2' | 'residual3', Tensor>> &
  Readonly<Record<'parameter' | 'gradient' | 'm' | 'v', Tensor>>;

/** Kernels of operations by their names, `twocan.…`. */
export type Kernels = Readonly<
  Record<string, (tensors: Named, attributes: Readonly<Record<string, unknown>>) => Tensor[]>
>;

/**
 * Registers kernels of operations that are written in tfjs's own ops, unless they are there.
 *
 * @param backendName the name under which tfjs knows the backend
 * @param kernels what they compute
 */
export function registerKernels(backendName: string, kernels: Kernels): void {
  for (const [kernelName, compute] of Object.entries(kernels)) {
    if (getKernel(kernelName, backendName) !== undefined) continue;
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tidy(() => compute(inputs as unknown as Named, attrs ?? {})),
    });
  }
}
