import type { Tensor } from '@tensorflow/tfjs-core';

/** Tensors by the names of the op contract; those that a kernel needs are there. */
export type Named = Readonly<Record<'x' | 'dy' | 'kernel' | 'bias' | 'residual0', Tensor>> &
  Readonly<Record<'scale' | 'qkv' | 'residual1' | 'residual2' | 'residual3', Tensor>> &
  Readonly<Record<'parameter' | 'gradient' | 'm' | 'v', Tensor>>;

/** Kernels of the op contract by their names. */
export type Kernels = Readonly<
  Record<string, (tensors: Named, attributes: Readonly<Record<string, unknown>>) => Tensor[]>
>;
