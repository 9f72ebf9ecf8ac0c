import {
  backend,
  getBackend,
  getKernelsForBackend,
  type KernelConfig,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { flopsOf, type Inputs } from './flops.ts';
import type { Spans } from './spans.ts';

const shapeOf = ({ dtype, shape }: TensorInfo): string =>
  `${dtype === 'float32' ? '' : dtype}[${shape.join(',')}]`;

const bytesOf = ({ shape }: TensorInfo): number => 4 * shape.reduce((a, b) => a * b, 1);

/** Longer lists, such as random levels, differ from step to step. */
const LONGEST = 12;

const givenOf = (inputs: Inputs): [string, TensorInfo][] =>
  Object.entries(inputs).filter((entry): entry is [string, TensorInfo] => Boolean(entry[1]?.shape));

/** `a[2,3] b[3,4] transposeA`. */
function describe(inputs: Inputs, attributes: Readonly<Record<string, unknown>>): string {
  const given = givenOf(inputs);
  const tensors = given
    .slice(0, LONGEST)
    .map(([name, info]) => `${name}${shapeOf(info)}`)
    .concat(given.length > LONGEST ? [`… ${given.length} tensors`] : []);
  const others = Object.entries(attributes).map(([name, value]) => {
    if (value === true) return name;
    const isShort = Array.isArray(value) && value.length <= LONGEST && name !== 'shape';
    return isShort ? `${name}=${value.join(',')}` : '';
  });
  return [...tensors, ...others.filter((word) => word !== '')].join(' ');
}

/**
 * Counts every kernel of the current backend from now on, by name and shapes.
 *
 * @param spans where its time goes
 */
export function watchKernels(spans: Spans): void {
  const backendName = getBackend();
  for (const config of getKernelsForBackend(backendName)) {
    const kernelFunc: KernelConfig['kernelFunc'] = (given) =>
      spans.span(
        () => config.kernelFunc(given),
        (result) => {
          const inputs = (given.inputs ?? {}) as Inputs;
          const outputs = Array.isArray(result) ? result : [result];
          const read = givenOf(inputs).map(([, info]) => info);
          return {
            name: `${config.kernelName}  ${describe(inputs, (given.attrs ?? {}) as never)}`,
            flops: flopsOf(config.kernelName, inputs, outputs),
            bytes: [...read, ...outputs].reduce((sum, info) => sum + bytesOf(info), 0),
          };
        },
      );
    unregisterKernel(config.kernelName, backendName);
    registerKernel({ ...config, kernelFunc });
  }
}

/** What tfjs calls on a backend beside kernels. */
const METHODS = ['write', 'move', 'readSync', 'disposeData'] as const;

type Methods = Record<(typeof METHODS)[number], (...given: unknown[]) => unknown>;

/**
 * Counts values that go into tensors and come out of them, and tensors that are given back.
 *
 * @param spans where their time goes
 */
export function watchTensors(spans: Spans): void {
  const current = backend() as unknown as Methods;
  for (const name of METHODS) {
    const method = current[name].bind(current);
    current[name] = (...given) =>
      spans.span(
        () => method(...given),
        () => ({ name: `(tensors)  ${name}` }),
      );
  }
}
