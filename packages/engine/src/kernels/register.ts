import {
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
  util,
} from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';

/** What a kernel computes, or undefined where the cpu backend's must. */
export type Kernel = (
  inputs: Readonly<Record<string, TensorInfo>>,
  attributes: NamedAttrMap,
  backend: EngineBackend,
) => TensorInfo | TensorInfo[] | undefined;

/** Kernels by the name tfjs has for them. */
export type Kernels = Readonly<Record<string, Kernel>>;

const LARGE = 65_536;
const warned = new Set<string>();

/** Names kernels of the cpu backend that touch much, once each. */
function tell(engine: string, name: string, inputs: NamedTensorInfoMap): void {
  const elements = Object.values(inputs ?? {})
    .flat()
    .reduce((sum, info) => sum + (info?.shape ? util.sizeFromShape(info.shape) : 0), 0);
  if (elements <= LARGE || warned.has(name)) return;
  warned.add(name);
  console.warn(
    `${engine}: ${name} of ${elements} elements is computed by the cpu backend's kernel`,
  );
}

/** Inputs that hold row numbers. */
const INTEGERS: ReadonlySet<string> = new Set(['index', 'back']);

/** Kernels of our operations read memory as floats, or row numbers; `defineOp` casts before it calls them. */
function refuseOtherTypes(engine: string, kernelName: string, inputs: NamedTensorInfoMap): void {
  for (const [name, info] of Object.entries(inputs ?? {})) {
    const wanted = INTEGERS.has(name) ? 'int32' : 'float32';
    if (info === undefined || (info as TensorInfo).dtype === wanted) continue;
    throw new TypeError(
      `${engine}: ${kernelName} must have ${name} as ${wanted}, got ${(info as TensorInfo).dtype}; cast it`,
    );
  }
}

/** A backend of this name may have been removed, which leaves its kernels. */
function register(config: KernelConfig): void {
  const { kernelName, backendName } = config;
  if (getKernel(kernelName, backendName)) unregisterKernel(kernelName, backendName);
  registerKernel(config);
}

/**
 * Registers kernels for the backend: ours, and the cpu backend's for all that we leave.
 *
 * @param backendName the name under which tfjs knows the backend
 * @param kernels ours
 */
export function registerKernels(backendName: string, kernels: Kernels): void {
  const known = new Set<string>();
  for (const config of getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc: slow } = config;
    const fast = kernels[kernelName];
    known.add(kernelName);
    const kernelFunc: KernelConfig['kernelFunc'] = (args) => {
      const backend = args.backend as EngineBackend;
      const result = fast?.(args.inputs as never, args.attrs as never, backend);
      if (result !== undefined) return result;
      if (backend.logsFallbacks) tell(backend.engine.name, kernelName, args.inputs);
      return slow(args);
    };
    register({ ...config, backendName, kernelFunc });
  }
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (known.has(kernelName)) continue;
    register({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend: current }) => {
        const backend = current as EngineBackend;
        const { name } = backend.engine;
        refuseOtherTypes(name, kernelName, inputs);
        const result = kernel(inputs as never, attrs as never, backend);
        if (result === undefined) {
          throw new Error(`${name}: ${kernelName} must have all of its inputs; pass them`);
        }
        return result;
      },
    });
  }
}
