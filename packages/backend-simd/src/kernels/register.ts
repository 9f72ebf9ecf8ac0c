import {
  type DataType,
  getKernel,
  type KernelConfig,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
  util,
} from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';

/** What a kernel is called with. */
export type Call = {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: SimdBackend;
};

/** Kernel of ours: its result, or undefined to leave the call to the cpu kernel. */
export type Kernel = (call: Call) => TensorInfo | TensorInfo[] | undefined;

/** The backend's name in tfjs. */
export const NAME = 'simd';

/** Fall-backs over fewer elements are never worth a word. */
const LARGE = 65_536;

let debugging = false;

/** Turns the lines about large fall-backs on or off. */
export function setDebug(on: boolean): void {
  debugging = on;
}

export const sizeOf = (shape: readonly number[]): number => util.sizeFromShape([...shape]);

export const isFloat = (...tensors: (TensorInfo | undefined)[]): boolean =>
  tensors.every((t) => t?.dtype === 'float32');

/** True for what stands in memory as four bytes an element. */
export const isWide = (dtype: DataType): boolean => dtype === 'float32' || dtype === 'int32';

/** The input of that name; tfjs has checked that it is there. */
export function input(call: Call, name: string): TensorInfo {
  return call.inputs[name] as TensorInfo;
}

function tell(name: string, call: Call, result: unknown): void {
  const sizes = [...Object.values(call.inputs), result].flat().flatMap((t) => {
    const shape = (t as TensorInfo | undefined)?.shape;
    return shape ? [sizeOf(shape)] : [];
  });
  const largest = Math.max(0, ...sizes);
  if (largest > LARGE) {
    console.warn(`backend simd: ${name} fell back to the cpu kernel for ${largest} elements`);
  }
}

/** Names whose cpu kernels only rename or count references. */
const FREE = new Set(['Reshape', 'Identity', 'ExpandDims']);

/** Copies all cpu kernels, each telling of its large calls while debugging is on. */
export function registerFallbacks(cpu: readonly KernelConfig[]): void {
  for (const config of cpu) {
    const { kernelName, kernelFunc } = config;
    registerKernel({
      ...config,
      backendName: NAME,
      kernelFunc: FREE.has(kernelName)
        ? kernelFunc
        : (params) => {
            const result = kernelFunc(params);
            if (debugging) tell(kernelName, params as unknown as Call, result);
            return result;
          },
    });
  }
}

/** Puts a kernel of ours before the cpu kernel of that name. */
export function override(kernelName: string, kernel: Kernel): void {
  const behind = getKernel(kernelName, NAME);
  if (behind === undefined) throw new Error(`backend simd: the cpu backend has no ${kernelName}`);
  unregisterKernel(kernelName, NAME);
  registerKernel({
    ...behind,
    kernelFunc: (params) => kernel(params as unknown as Call) ?? behind.kernelFunc(params),
  });
}

/** Registers a kernel that the cpu backend does not have. */
export function define(
  kernelName: string,
  kernel: (call: Call) => TensorInfo | TensorInfo[],
): void {
  registerKernel({
    kernelName,
    backendName: NAME,
    kernelFunc: (params) => kernel(params as unknown as Call),
  });
}
