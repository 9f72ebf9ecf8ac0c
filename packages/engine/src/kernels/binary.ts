import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls } from '../calls.ts';
import { cut } from './cut.ts';
import type { Kernel, Kernels } from './register.ts';

// In the order of the codes that every engine has for them.
const CODES = [
  'Add',
  'Sub',
  'Multiply',
  'RealDiv',
  'Maximum',
  'Minimum',
  'SquaredDifference',
] as const;

/** The name of one of them. */
type BinaryName = (typeof CODES)[number];

type Axis = { readonly size: number; readonly a: number; readonly b: number };

/**
 * The axes of a broadcast, with the strides of both sides, joined where both go on evenly.
 *
 * `[B, N, D] + [D]` has two: B·N rows, and D numbers in each.
 */
function axesOf(a: readonly number[], b: readonly number[], out: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  let [strideA, strideB] = [1, 1];
  for (let i = 1; i <= out.length; i++) {
    const size = out[out.length - i] as number;
    const [ownA, ownB] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
    const axis = { size, a: ownA === 1 ? 0 : strideA, b: ownB === 1 ? 0 : strideB };
    strideA *= ownA;
    strideB *= ownB;
    if (size === 1) continue;
    const inner = axes.at(-1);
    const joins =
      inner !== undefined && axis.a === inner.a * inner.size && axis.b === inner.b * inner.size;
    if (joins) axes[axes.length - 1] = { ...inner, size: inner.size * size };
    else axes.push(axis);
  }
  return axes.reverse();
}

/** f(a, b), broadcast; undefined where more than three axes stay apart. */
export function combine(
  backend: EngineBackend,
  name: BinaryName,
  a: TensorInfo,
  b: TensorInfo,
): TensorInfo | undefined {
  const code = CODES.indexOf(name);
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const axes = axesOf(a.shape, b.shape, shape);
  if (axes.length > 3) return undefined;
  const n = util.sizeFromShape(shape);
  const [left, right] = [backend.place(a), backend.place(b)];
  const { info, at } = backend.output(shape);
  if (n === 0) return info;
  if (axes.length <= 1) {
    const { a: stepA, b: stepB } = axes[0] ?? { a: 0, b: 0 };
    calls.binary(backend.engine, cut(n, n, 4), {
      code,
      a: left,
      stepA: stepA === 1,
      b: right,
      stepB: stepB === 1,
      y: at,
    });
    return info;
  }
  const inner = axes.at(-1) as Axis;
  const middle = axes.at(-2) as Axis;
  const outer = axes.length === 3 ? (axes[0] as Axis) : { size: 1, a: 0, b: 0 };
  const rows = outer.size * middle.size;
  calls.binaryRows(backend.engine, cut(rows, n), {
    code,
    a: left,
    a0: outer.a,
    a1: middle.a,
    stepA: inner.a === 1,
    b: right,
    b0: outer.b,
    b1: middle.b,
    stepB: inner.b === 1,
    y: at,
    d1: middle.size,
    n: inner.size,
  });
  return info;
}

const kernelOf =
  (name: BinaryName): Kernel =>
  ({ a, b }, _, backend) => {
    if (a?.dtype !== 'float32' || b?.dtype !== 'float32') return undefined;
    return combine(backend, name, a, b);
  };

/** The sum of many tensors of one shape. */
const addN: Kernel = (inputs, _, backend) => {
  const terms = inputs as unknown as readonly TensorInfo[];
  const [first, second, ...others] = terms;
  if (first === undefined || second === undefined) return undefined;
  if (terms.some(({ dtype }) => dtype !== 'float32')) return undefined;
  let sum = combine(backend, 'Add', first, second) as TensorInfo;
  for (const term of others) {
    const next = combine(backend, 'Add', sum, term) as TensorInfo;
    backend.disposeData(sum.dataId);
    sum = next;
  }
  return sum;
};

/** Functions of two numbers. */
export const binaryKernels: Kernels = {
  ...Object.fromEntries(CODES.map((name) => [name, kernelOf(name)])),
  AddN: addN,
};
