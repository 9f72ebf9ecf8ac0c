import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls, ONE_ITEM } from '../calls.ts';
import { cut } from './cut.ts';
import { permute } from './move.ts';
import type { Kernel, Kernels } from './register.ts';

const CODES = { sum: 0, max: 1, min: 2 } as const;
type Code = keyof typeof CODES;

const product = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);

/** Reduces `[outer, reduced, inner]`, whatever its shape is, to a tensor of `shape`. */
function reduceBlock(
  backend: EngineBackend,
  code: Code,
  x: TensorInfo,
  [outer, reduced, inner]: readonly [number, number, number],
  shape: readonly number[],
  scale: number,
): TensorInfo {
  const from = backend.place(x);
  const { info, at } = backend.output(shape);
  if (outer * inner === 0) return info;
  const n = outer * reduced * inner;
  if (inner === 1) {
    const rows = { code: CODES[code], x: from, y: at, reduced, scale };
    calls.reduceRows(backend.engine, cut(outer, n), rows);
    return info;
  }
  const parts = cut(reduced, n);
  if (outer === 1 && parts.tasks > 1) {
    backend.temporary(4 * parts.tasks * inner, (partial) => {
      const each = { code: CODES[code], x: from, partial, inner };
      calls.reduceParts(backend.engine, parts, each);
      const ends = { code: CODES[code], x: partial, y: at, reduced: parts.tasks, inner, scale };
      calls.reduceColumns(backend.engine, ONE_ITEM, ends);
    });
    return info;
  }
  const blocks = { code: CODES[code], x: from, y: at, reduced, inner, scale };
  calls.reduceColumns(backend.engine, cut(outer, n), blocks);
  return info;
}

/** Reduces any axes. */
export function reduce(
  backend: EngineBackend,
  code: Code,
  x: TensorInfo,
  axes: readonly number[],
  keepDims: boolean,
  mean = false,
): TensorInfo {
  const { shape } = x;
  const isReduced = (i: number): boolean => axes.includes(i);
  const result = shape.flatMap((n, i) => (isReduced(i) ? (keepDims ? [1] : []) : [n]));
  const count = product(shape.filter((_, i) => isReduced(i)));
  const scale = mean ? 1 / count : 1;
  // Axes of size 1 count with either side, so that [B, 1, N] over N is a row.
  const real = shape.flatMap((n, i) => (n === 1 ? [] : [i]));
  const first = real.findIndex(isReduced);
  const length = real.filter(isReduced).length;
  const together = real.slice(first, first + length).every(isReduced);
  if (length === 0 || together) {
    const cutAt = real[first] ?? shape.length;
    const end = length === 0 ? cutAt : (real[first + length - 1] as number) + 1;
    const block = [product(shape.slice(0, cutAt)), count, product(shape.slice(end))] as const;
    return reduceBlock(
      backend,
      code,
      x,
      length === 0 ? [product(shape), 1, 1] : block,
      result,
      scale,
    );
  }
  const order = [...shape.keys()].sort(
    (a, b) => Number(isReduced(a)) - Number(isReduced(b)) || a - b,
  );
  const moved = permute(backend, x, order);
  const outer = product(shape.filter((_, i) => !isReduced(i)));
  const reduced = reduceBlock(backend, code, moved, [outer, count, 1], result, scale);
  backend.disposeData(moved.dataId);
  return reduced;
}

const kernelOf =
  (code: Code, axisName: 'axis' | 'reductionIndices', mean = false): Kernel =>
  ({ x }, attributes, backend) => {
    if (x?.dtype !== 'float32') return undefined;
    const axes = util.parseAxisParam(attributes[axisName] as number[], x.shape);
    // Of nothing: the cpu backend knows what tfjs wants there.
    if (util.sizeFromShape(x.shape) === 0) return undefined;
    return reduce(backend, code, x, axes, attributes.keepDims === true, mean);
  };

/** Sums, means and extremes over any axes. */
export const reduceKernels: Kernels = {
  Sum: kernelOf('sum', 'axis'),
  Mean: kernelOf('sum', 'axis', true),
  Max: kernelOf('max', 'reductionIndices'),
  Min: kernelOf('min', 'axis'),
};
