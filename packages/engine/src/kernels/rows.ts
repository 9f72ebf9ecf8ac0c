import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { calls } from '../calls.ts';
import { cut } from './cut.ts';
import { filled, isWords } from './move.ts';
import type { Kernel, Kernels } from './register.ts';

const softmaxKernel: Kernel = ({ logits }, { dim }, backend) => {
  const width = logits?.shape.at(-1) ?? 0;
  const isLast = (dim as number) < 0 || dim === (logits?.shape.length ?? 0) - 1;
  if (logits?.dtype !== 'float32' || !isLast || width === 0) return undefined;
  const n = util.sizeFromShape(logits.shape);
  const from = backend.place(logits);
  const { info, at } = backend.output(logits.shape);
  const rows = { x: from, y: at, n: width, scale: 1 };
  if (n > 0) calls.softmax(backend.engine, cut(n / width, 4 * n), rows);
  return info;
};

/** Rows along the first axis of what is gathered from; other axes are the cpu backend's. */
const gatherKernel: Kernel = ({ x, indices }, { axis, batchDims }, backend) => {
  if (!isWords(x) || indices?.dtype !== 'int32' || (batchDims as number) > 0) return undefined;
  const [along = 0] = util.parseAxisParam(axis as number, x.shape);
  if (along !== 0 || x.shape.length === 0) return undefined;
  const [count = 0, ...rest] = x.shape;
  const values = backend.entry(indices).values as Int32Array;
  for (const index of values) {
    util.assert(
      index >= 0 && index < count,
      () => `GatherV2: the index value ${index} is not in [0, ${count - 1}]`,
    );
  }
  const width = util.sizeFromShape(rest);
  const [from, index] = [backend.place(x), backend.place(indices)];
  const { info, at } = backend.output([...indices.shape, ...rest], x.dtype);
  const rows = values.length;
  if (rows * width > 0) {
    const given = { x: from, index, y: at, n: width, count, other: 0 };
    calls.gatherRows(backend.engine, cut(rows, rows * width), given);
  }
  return info;
};

const gatherNdKernel: Kernel = ({ params, indices }, _, backend) => {
  if (!isWords(params) || indices?.dtype !== 'int32' || indices.shape.at(-1) !== 1)
    return undefined;
  const [count = 0, ...rest] = params.shape;
  const values = backend.entry(indices).values as Int32Array;
  if (values.some((index) => index < 0 || index >= count)) return undefined;
  const width = util.sizeFromShape(rest);
  const [from, index] = [backend.place(params), backend.place(indices)];
  const { info, at } = backend.output([...indices.shape.slice(0, -1), ...rest], params.dtype);
  if (values.length * width > 0) {
    const given = { x: from, index, y: at, n: width, count, other: 0 };
    calls.gatherRows(backend.engine, cut(values.length, values.length * width), given);
  }
  return info;
};

/** The gradient of a gather. */
const segmentSumKernel: Kernel = ({ x, segmentIds }, { numSegments }, backend) => {
  if (x?.dtype !== 'float32' || segmentIds?.dtype !== 'int32' || segmentIds.shape.length !== 1) {
    return undefined;
  }
  const [rows = 0, ...rest] = x.shape;
  if (rows !== segmentIds.shape[0]) return undefined;
  const count = numSegments as number;
  const width = util.sizeFromShape(rest);
  const [from, index] = [backend.place(x), backend.place(segmentIds)];
  const { info, at } = backend.output([count, ...rest]);
  calls.scatterAddRows(backend.engine, { x: from, index, y: at, rows, n: width, count });
  return info;
};

const castKernel: Kernel = ({ x }, { dtype }, backend) => {
  if (x === undefined || dtype !== 'float32' || (x.dtype !== 'int32' && x.dtype !== 'bool')) {
    return undefined;
  }
  const values = backend.entry(x).values as Int32Array;
  const { info } = backend.output(x.shape);
  // The address of the values is read first: making the output may move the memory.
  (backend.entry(info).view() as Float32Array).set(
    backend.entry(x).offset ? backend.entry(x).view() : values,
  );
  return info;
};

const selectKernel: Kernel = ({ condition, t, e }, _, backend) => {
  if (condition?.dtype !== 'bool' || t?.dtype !== 'float32' || e?.dtype !== 'float32')
    return undefined;
  const sameShape = (a: TensorInfo, b: TensorInfo): boolean => util.arraysEqual(a.shape, b.shape);
  if (!sameShape(condition, t) || !sameShape(t, e)) return undefined;
  const n = util.sizeFromShape(t.shape);
  const [mask, yes, no] = [backend.place(condition), backend.place(t), backend.place(e)];
  const { info, at } = backend.output(t.shape);
  if (n > 0) calls.select(backend.engine, cut(n, n, 4), { c: mask, a: yes, b: no, y: at });
  return info;
};

const fillKernel =
  (value: number): Kernel =>
  ({ x }, _, backend) =>
    isWords(x) ? filled(backend, x.shape, x.dtype, value).info : undefined;

const tileKernel: Kernel = ({ x }, { reps }, backend) => {
  // Only rows that repeat a whole tensor; anything else is rare.
  const times = reps as number[];
  if (!isWords(x) || times.slice(1).some((r) => r !== 1)) return undefined;
  const n = util.sizeFromShape(x.shape);
  const shape = x.shape.map((size, i) => size * (times[i] ?? 1));
  backend.place(x);
  const { info } = backend.output(shape, x.dtype);
  const [to, from] = [backend.entry(info).view(), backend.entry(x).view()];
  for (let i = 0; i < (times[0] ?? 1); i++) to.set(from as never, i * n);
  return info;
};

/** Softmax, gathers and what is left. */
export const rowKernels: Kernels = {
  Softmax: softmaxKernel,
  GatherV2: gatherKernel,
  GatherNd: gatherNdKernel,
  UnsortedSegmentSum: segmentSumKernel,
  Cast: castKernel,
  Select: selectKernel,
  ZerosLike: fillKernel(0),
  OnesLike: fillKernel(1),
  Tile: tileKernel,
};
