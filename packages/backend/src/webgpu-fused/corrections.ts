import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type Tensor,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import type { WebgpuBackend } from '../gpu.ts';
import { softmaxRows } from './attention.ts';
import { dispatch, elementwise } from './program.ts';

type Correction = (own: KernelFunc) => KernelFunc;

/** Binds all its inputs at once, which fails beyond the device's limit: some at a time, then. */
const addN: Correction = (own) => (params) => {
  const backend = params.backend as WebgpuBackend;
  const most = (backend.device.limits.maxStorageBuffersPerShaderStage ?? 8) - 1;
  let terms = Object.values(params.inputs as Record<string, TensorInfo>);
  let partial: TensorInfo | undefined;
  do {
    const some = [...(partial ? [partial] : []), ...terms.slice(0, most - (partial ? 1 : 0))];
    terms = terms.slice(partial ? most - 1 : most);
    const sum = own({ ...params, inputs: some as never }) as TensorInfo;
    if (partial) backend.disposeData(partial.dataId);
    partial = sum;
  } while (terms.length > 0);
  return partial;
};

/** On some drivers exp(NaN) is a number, and a run that has diverged would not be noticed. */
const keepingNaN =
  (name: string, value: string): Correction =>
  () =>
  ({ inputs }) => {
    const x = Object.values(inputs as Record<string, Tensor>)[0] as Tensor;
    const code = elementwise(`let a = f32(x[index]); if (isnan(a)) { return a; } return ${value};`);
    return dispatch({ name, inputs: { x }, shape: x.shape, code });
  };

/** The same of softmax. */
const softmax: Correction =
  () =>
  ({ inputs }) =>
    softmaxRows((inputs as { logits: Tensor }).logits, 1);

const CORRECTIONS: Readonly<Record<string, Correction>> = {
  AddN: addN,
  Exp: keepingNaN('exp', 'exp(a)'),
  Sigmoid: keepingNaN('sigmoid', '1.0 / (1.0 + exp(-a))'),
  Softmax: softmax,
};

/**
 * Replaces kernels of tfjs-backend-webgpu 4.22 that are wrong where training meets them.
 *
 * @param backendName the name under which they are registered
 */
export function correctKernels(backendName: string): void {
  for (const [kernelName, correct] of Object.entries(CORRECTIONS)) {
    const stock = getKernel(kernelName, backendName) as KernelConfig;
    unregisterKernel(kernelName, backendName);
    registerKernel({ ...stock, kernelFunc: correct(stock.kernelFunc) });
  }
}
