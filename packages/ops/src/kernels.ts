import {
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** Plain numbers, booleans, strings and lists of numbers that an operation takes beside its tensors. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

const fullName = (name: string): string => `twocan.${name}`;

/** Whether the current backend has registered kernels of all these names. */
export const hasKernels = (...names: readonly string[]): boolean =>
  names.every((name) => getKernel(fullName(name), getBackend()) !== undefined);

/** Runs the current backend's kernel; its results as a list, also where it gives one. */
export function runKernel(
  name: string,
  tensors: Tensors,
  attributes: Attributes | { readonly change: (floats: Float32Array) => void },
): readonly Tensor[] {
  const out: Tensor | Tensor[] = engine().runKernel(
    fullName(name),
    tensors as Record<string, Tensor & TensorInfo>,
    attributes as unknown as NamedAttrMap,
  );
  return Array.isArray(out) ? out : [out];
}

/** A record of tensors that stand in a list, in the order of their names. */
export const byName = (names: readonly string[], tensors: readonly Tensor[]): Tensors =>
  Object.fromEntries(names.map((name, i) => [name, tensors[i] as Tensor]));
