import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend, Output } from '../backend.ts';
import { calls } from '../calls.ts';
import { bits, cut } from './cut.ts';
import type { Kernel, Kernels } from './register.ts';

type Dims = readonly number[];

/** Tensors of 4-byte numbers; bytes and strings are moved by the cpu backend. */
export const isWords = (x: TensorInfo | undefined): x is TensorInfo =>
  x !== undefined && (x.dtype === 'float32' || x.dtype === 'int32');

const stridesOf = (shape: Dims): number[] => {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) {
    strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  }
  return strides;
};

type Axis = { readonly size: number; readonly from: number; readonly to: number };

const NO_AXIS: Axis = { size: 1, from: 0, to: 0 };

/** One side of a copy: where it begins, and its strides. */
type Side = { readonly at: number; readonly strides: Dims };

/**
 * Copies a block whose axes have strides of their own on both sides. Axes that go on evenly are joined;
 * of what is left the last may be a run of words, four more are loops, and the rest is cut up here.
 */
function copy(backend: EngineBackend, shape: Dims, from: Side, to: Side): void {
  if (shape.some((n) => n === 0)) return;
  const axes: Axis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const axis = { size, from: from.strides[i] as number, to: to.strides[i] as number };
    const outer = axes.at(-1);
    const joins =
      outer !== undefined && outer.from === axis.from * size && outer.to === axis.to * size;
    if (joins) axes[axes.length - 1] = { ...axis, size: size * outer.size };
    else axes.push(axis);
  });
  const last = axes.at(-1);
  const run = last?.from === 1 && last.to === 1 ? (axes.pop()?.size ?? 1) : 1;
  copyAxes(backend, axes, run, from.at, to.at);
}

function copyAxes(
  backend: EngineBackend,
  axes: readonly Axis[],
  run: number,
  from: number,
  to: number,
): void {
  if (axes.length > 4) {
    const [outer, ...inner] = axes as readonly [Axis, ...Axis[]];
    for (let i = 0; i < outer.size; i++) {
      copyAxes(backend, inner, run, from + 4 * i * outer.from, to + 4 * i * outer.to);
    }
    return;
  }
  const d3 = axes.at(-1) ?? NO_AXIS;
  const d2 = axes.at(-2) ?? NO_AXIS;
  const d1 = axes.at(-3) ?? NO_AXIS;
  const d0 = axes.at(-4) ?? NO_AXIS;
  const items = d0.size * d1.size;
  calls.copyBlock(backend.engine, cut(items, items * d2.size * d3.size * run), {
    x: from,
    x0: d0.from,
    x1: d1.from,
    x2: d2.from,
    x3: d3.from,
    y: to,
    y0: d0.to,
    y1: d1.to,
    y2: d2.to,
    y3: d3.to,
    d1: d1.size,
    d2: d2.size,
    d3: d3.size,
    run,
  });
}

const whole = (at: number, shape: Dims): Side => ({ at, strides: stridesOf(shape) });

const place = (strides: Dims, index: Dims): number =>
  4 * index.reduce((sum, i, axis) => sum + i * (strides[axis] as number), 0);

/** A part of a tensor as a tensor of its own. */
export function part(backend: EngineBackend, x: TensorInfo, begin: Dims, size: Dims): TensorInfo {
  const from = backend.place(x);
  const { info, at } = backend.output(size, x.dtype);
  const strides = stridesOf(x.shape);
  copy(backend, size, { at: from + place(strides, begin), strides }, whole(at, size));
  return info;
}

const sliceKernel: Kernel = ({ x }, { begin, size }, backend) => {
  if (!isWords(x)) return undefined;
  const [from = [], lengths = []] = slice_util.parseSliceParams(
    x,
    begin as number[],
    size as number[],
  );
  slice_util.assertParamsValid(x, from, lengths);
  return part(backend, x, from, lengths);
};

const splitKernel: Kernel = ({ x }, { numOrSizeSplits, axis }, backend) => {
  if (!isWords(x)) return undefined;
  const [along = 0] = util.parseAxisParam(axis as number, x.shape);
  const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits as number, along);
  let at = 0;
  return sizes.map((length) => {
    const begin = x.shape.map((_, i) => (i === along ? at : 0));
    at += length;
    return part(
      backend,
      x,
      begin,
      x.shape.map((n, i) => (i === along ? length : n)),
    );
  });
};

/** Puts a tensor into a larger one at an index. */
function put(backend: EngineBackend, x: TensorInfo, out: Output, index: Dims): void {
  const strides = stridesOf(out.info.shape);
  const to = { at: out.at + place(strides, index), strides };
  copy(backend, x.shape, whole(backend.place(x), x.shape), to);
}

const concatKernel: Kernel = (inputs, { axis }, backend) => {
  const parts = inputs as unknown as readonly TensorInfo[];
  const first = parts[0];
  if (first === undefined || !parts.every((x) => isWords(x) && x.dtype === first.dtype))
    return undefined;
  const [along = 0] = util.parseAxisParam(axis as number, first.shape);
  backend_util.assertParamsConsistent(
    parts.map(({ shape }) => shape),
    along,
  );
  const shape = backend_util.computeOutShape(
    parts.map(({ shape: own }) => own),
    along,
  );
  const out = backend.output(shape, first.dtype);
  let at = 0;
  for (const x of parts) {
    put(
      backend,
      x,
      out,
      shape.map((_, i) => (i === along ? at : 0)),
    );
    at += x.shape[along] as number;
  }
  return out.info;
};

/** A tensor of the same number everywhere. */
export function filled(
  backend: EngineBackend,
  shape: Dims,
  dtype: TensorInfo['dtype'],
  value: number,
): Output {
  const out = backend.output(shape, dtype);
  const n = util.sizeFromShape([...shape]);
  const word = dtype === 'float32' ? bits(value) : value | 0;
  if (n > 0) calls.fill(backend.engine, cut(n, n, 4), { word, y: out.at });
  return out;
}

const padKernel: Kernel = ({ x }, { paddings, constantValue }, backend) => {
  if (!isWords(x)) return undefined;
  const sides = paddings as unknown as readonly (readonly [number, number])[];
  const shape = x.shape.map((n, i) => n + (sides[i]?.[0] ?? 0) + (sides[i]?.[1] ?? 0));
  const out = filled(backend, shape, x.dtype, Number(constantValue ?? 0));
  put(
    backend,
    x,
    out,
    sides.map(([before]) => before),
  );
  return out.info;
};

/** A permutation of the axes. */
export function permute(backend: EngineBackend, x: TensorInfo, order: Dims): TensorInfo {
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis] as number);
  const from = backend.place(x);
  const { info, at } = backend.output(shape, x.dtype);
  // A matrix, or a row of them, whose rows become columns has a kernel of its own.
  const kept = order.filter((axis) => x.shape[axis] !== 1);
  const swap = swapOf(kept, x.shape);
  if (swap === undefined) {
    copy(
      backend,
      shape,
      { at: from, strides: order.map((axis) => strides[axis] as number) },
      whole(at, shape),
    );
  } else {
    const [rows, columns] = swap;
    if (rows * columns > 0) {
      calls.transpose(backend.engine, cut(rows, rows * columns, 4), { x: from, y: at, columns });
    }
  }
  return info;
}

/** Rows and columns, where the permutation only swaps two groups of axes. */
function swapOf(order: Dims, shape: Dims): readonly [rows: number, columns: number] | undefined {
  const cutAt = order.findIndex((axis, i) => i > 0 && axis < (order[i - 1] as number));
  if (cutAt < 1) return undefined;
  const [front, back] = [order.slice(0, cutAt), order.slice(cutAt)];
  const rising = [...back, ...front].every(
    (axis, i, all) => i === 0 || axis > (all[i - 1] as number),
  );
  const size = (axes: Dims): number => axes.reduce((p, axis) => p * (shape[axis] as number), 1);
  return rising ? [size(back), size(front)] : undefined;
}

const transposeKernel: Kernel = ({ x }, { perm }, backend) =>
  isWords(x) ? permute(backend, x, perm as number[]) : undefined;

/** Kernels that only move numbers. */
export const moveKernels: Kernels = {
  Slice: sliceKernel,
  SplitV: splitKernel,
  Concat: concatKernel,
  PadV2: padKernel,
  Transpose: transposeKernel,
};
