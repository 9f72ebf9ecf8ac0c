import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls } from '../calls.ts';
import { cut } from './cut.ts';
import type { Kernel, Kernels } from './register.ts';

// In the order of the codes that every engine has for them.
const CODES = [
  ...[
    'Neg',
    'Abs',
    'Square',
    'Sqrt',
    'Rsqrt',
    'Reciprocal',
    'Exp',
    'Log',
    'Tanh',
    'Sigmoid',
    'Erf',
  ],
  ...['Relu', 'Relu6', 'Elu', 'LeakyRelu', 'Step', 'ClipByValue', 'Sign', 'Floor', 'Ceil'],
] as const;
/** The code of p·x + q. */
export const LINE = 20;

/** The code of a function. */
export const codeOf = (name: (typeof CODES)[number]): number => CODES.indexOf(name);

/** A function of each element. */
export function mapElements(
  backend: EngineBackend,
  code: number,
  x: TensorInfo,
  p = 0,
  q = 0,
): TensorInfo {
  const n = util.sizeFromShape(x.shape);
  const from = backend.place(x);
  const { info, at } = backend.output(x.shape);
  if (n > 0) calls.unary(backend.engine, cut(n, 4 * n, 4), { code, x: from, y: at, p, q });
  return info;
}

/** p·x + q for each element. */
export const line = (backend: EngineBackend, x: TensorInfo, p: number, q: number): TensorInfo =>
  mapElements(backend, LINE, x, p, q);

/** The parameters of those that have some. */
const PARAMETERS: Readonly<Record<string, readonly [string, string?]>> = {
  LeakyRelu: ['alpha'],
  Step: ['alpha'],
  ClipByValue: ['clipValueMin', 'clipValueMax'],
};

const kernelOf =
  (name: string, code: number): Kernel =>
  ({ x }, attributes, backend) => {
    if (x === undefined || x.dtype !== 'float32') return undefined;
    const [first, second] = PARAMETERS[name] ?? [];
    const p = first === undefined ? 0 : Number(attributes[first] ?? 0);
    const q = second === undefined ? 0 : Number(attributes[second] ?? 0);
    return mapElements(backend, code, x, p, q);
  };

/** Functions of one number. */
export const unaryKernels: Kernels = Object.fromEntries(
  CODES.map((name, code) => [name, kernelOf(name, code)]),
);
