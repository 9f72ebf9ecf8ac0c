import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../table.ts';
import { type Call, input, isFloat, isWide, override, sizeOf } from './register.ts';
import { runItems } from './work.ts';

/** Copies rows: shapes as [batch, outer, size, n] by [batch, count] to [batch, outer, count, n]. */
export type RowCopy = {
  readonly rows: number;
  readonly outer: number;
  readonly size: number;
  readonly count: number;
  readonly n: number;
};

/** Runs the row copy; `other` is where a row for indices out of range stands (0: zeros). */
export function copyRows(
  { engine }: SimdBackend,
  x: number,
  index: number,
  y: number,
  { rows, outer, size, count, n }: RowCopy,
  other = 0,
): void {
  const args = [x, index, y, outer, size, count, n, other];
  runItems(engine, KERNEL.gatherRows, rows, n + 30, args);
}

function gather(call: Call): TensorInfo | undefined {
  const { backend } = call;
  const [x, indices] = [input(call, 'x'), input(call, 'indices')];
  const { axis, batchDims } = call.attrs as { axis: number; batchDims: number };
  if (!isWide(x.dtype) || indices.dtype !== 'int32') return undefined;
  const along = util.parseAxisParam(axis, x.shape)[0] ?? 0;
  const limit = x.shape[along] ?? 0;
  if (backend.peek(indices).some((i) => i < 0 || i >= limit)) return undefined; // cpu's error
  const info = backend_util.segment_util.collectGatherOpShapeInfo(
    x as never,
    indices as never,
    along,
    batchDims ?? 0,
  );
  const count = sizeOf(indices.shape) / info.batchSize;
  const [from, index] = [backend.offset(x), backend.offset(indices)];
  const y = backend.output(info.outputShape, x.dtype);
  const rows = info.batchSize * info.outerSize * count;
  if (sizeOf(info.outputShape) === 0) return y;
  const shape = { rows, outer: info.outerSize, size: info.dimSize, count, n: info.sliceSize };
  copyRows(backend, from, index, backend.offset(y), shape);
  return y;
}

function gatherNd(call: Call): TensorInfo | undefined {
  const { backend } = call;
  const [params, indices] = [input(call, 'params'), input(call, 'indices')];
  const depth = indices.shape[indices.shape.length - 1] ?? 0;
  if (!isWide(params.dtype) || indices.dtype !== 'int32' || depth !== 1) return undefined;
  const [size = 0, ...inner] = params.shape;
  if (backend.peek(indices).some((i) => i < 0 || i >= size)) return undefined;
  const count = sizeOf(indices.shape);
  const [from, index] = [backend.offset(params), backend.offset(indices)];
  const y = backend.output([...indices.shape.slice(0, -1), ...inner], params.dtype);
  const n = sizeOf(inner);
  if (count * n === 0) return y;
  copyRows(backend, from, index, backend.offset(y), { rows: count, outer: 1, size, count, n });
  return y;
}

function segmentSum(call: Call): TensorInfo | undefined {
  const { backend } = call;
  const [x, ids] = [input(call, 'x'), input(call, 'segmentIds')];
  const segments = Number(call.attrs.numSegments);
  const rows = sizeOf(ids.shape);
  if (!isFloat(x) || ids.dtype !== 'int32' || ids.shape.length !== 1 || rows === 0)
    return undefined;
  const n = sizeOf(x.shape) / rows;
  const [from, index] = [backend.offset(x), backend.offset(ids)];
  const y = backend.output([segments, ...x.shape.slice(1)]);
  if (sizeOf(y.shape) === 0) return y;
  const args = [from, index, backend.offset(y), rows, segments, n];
  runItems(backend.engine, KERNEL.segmentSum, Math.ceil(n / 64), 64 * (rows + segments), args);
  return y;
}

function oneHot(call: Call): TensorInfo | undefined {
  const indices = input(call, 'indices');
  const { dtype, depth, onValue, offValue } = call.attrs as {
    dtype: 'int32' | 'float32';
    depth: number;
    onValue: number;
    offValue: number;
  };
  if (!isWide(dtype)) return undefined;
  const { backend } = call;
  const y = backend.output([...indices.shape, depth], dtype);
  const [ids, out] = [backend.peek(indices), backend.peek(y)];
  out.fill(offValue);
  ids.forEach((id, row) => {
    if (id >= 0 && id < depth) out[row * depth + id] = onValue;
  });
  return y;
}

/** Registers gathers, their gradient and one-hot rows. */
export function registerGather(): void {
  override('GatherV2', gather);
  override('GatherNd', gatherNd);
  override('UnsortedSegmentSum', segmentSum);
  override('OneHot', oneHot);
}
