import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { bits } from '../table.ts';
import { fillBits, type MoveAxis, moveBlock, stepsOf } from './move.ts';
import { type Call, input, isWide, override, sizeOf } from './register.ts';

const BYTES = 4;

function transpose(call: Call): TensorInfo | undefined {
  const x = input(call, 'x');
  const perm = call.attrs.perm as readonly number[];
  if (!isWide(x.dtype)) return undefined;
  const { backend } = call;
  const shape = perm.map((i) => x.shape[i] ?? 1);
  const [from, to] = [stepsOf(x.shape), stepsOf(shape)];
  const axes = perm.map((axis, i) => ({
    size: shape[i] ?? 1,
    from: from[axis] ?? 1,
    to: to[i] ?? 1,
  }));
  const at = backend.offset(x);
  const y = backend.output(shape, x.dtype);
  if (moveBlock(backend, at, backend.offset(y), axes)) return y;
  backend.disposeIntermediateTensorInfo(y);
  return undefined;
}

/** The axes of a block of `shape` inside tensors with these steps. */
const block = (
  shape: readonly number[],
  from: readonly number[],
  to: readonly number[],
): MoveAxis[] => shape.map((size, i) => ({ size, from: from[i] ?? 1, to: to[i] ?? 1 }));

const place = (begin: readonly number[], steps: readonly number[]): number =>
  begin.reduce((at, b, i) => at + b * (steps[i] ?? 1), 0);

// tfjs knows tensors up to rank 6, which is what a block may have, so a move never fails below.

function cut(call: Call, x: TensorInfo, begin: readonly number[], shape: number[]): TensorInfo {
  const { backend } = call;
  const steps = stepsOf(x.shape);
  const from = backend.offset(x) + BYTES * place(begin, steps);
  const y = backend.output(shape, x.dtype);
  moveBlock(backend, from, backend.offset(y), block(shape, steps, stepsOf(shape)));
  return y;
}

function slice(call: Call): TensorInfo | undefined {
  const x = input(call, 'x');
  if (!isWide(x.dtype)) return undefined;
  const { begin, size } = call.attrs as { begin: number[]; size: number[] };
  const [from, shape] = slice_util.parseSliceParams(x as never, begin, size) as [
    number[],
    number[],
  ];
  slice_util.assertParamsValid(x as never, from, shape);
  return cut(call, x, from, shape);
}

function split(call: Call): TensorInfo[] | undefined {
  const x = input(call, 'x');
  if (!isWide(x.dtype)) return undefined;
  const axis = util.parseAxisParam(call.attrs.axis as number, x.shape)[0] ?? 0;
  const sizes = backend_util.prepareSplitSize(
    x as never,
    call.attrs.numOrSizeSplits as number | number[],
    axis,
  );
  let start = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    start += size;
    return cut(
      call,
      x,
      begin,
      x.shape.map((n, i) => (i === axis ? size : n)),
    );
  });
}

function concat(call: Call): TensorInfo | undefined {
  const tensors = Object.values(call.inputs);
  const [first] = tensors;
  if (first === undefined || !tensors.every((t) => t.dtype === first.dtype && isWide(t.dtype))) {
    return undefined;
  }
  const axis = util.parseAxisParam(call.attrs.axis as number, first.shape)[0] ?? 0;
  const shapes = tensors.map((t) => t.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const shape = backend_util.computeOutShape(shapes, axis);
  const { backend } = call;
  const offsets = tensors.map((t) => backend.offset(t));
  const y = backend.output(shape, first.dtype);
  const steps = stepsOf(shape);
  let to = backend.offset(y);
  tensors.forEach((t, i) => {
    moveBlock(backend, offsets[i] ?? 0, to, block(t.shape, stepsOf(t.shape), steps));
    to += BYTES * (t.shape[axis] ?? 0) * (steps[axis] ?? 1);
  });
  return y;
}

function pad(call: Call): TensorInfo | undefined {
  const x = input(call, 'x');
  const paddings = call.attrs.paddings as [number, number][];
  const value = Number(call.attrs.constantValue ?? 0);
  if (!isWide(x.dtype)) return undefined;
  const { backend } = call;
  const shape = x.shape.map((n, i) => n + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0));
  const from = backend.offset(x);
  const y = backend.output(shape, x.dtype);
  fillBits(backend, y, sizeOf(shape), x.dtype === 'float32' ? bits(value) : value | 0);
  const steps = stepsOf(shape);
  const to =
    backend.offset(y) +
    BYTES *
      place(
        paddings.map(([before]) => before),
        steps,
      );
  moveBlock(backend, from, to, block(x.shape, stepsOf(x.shape), steps));
  return y;
}

function tile(call: Call): TensorInfo | undefined {
  const x = input(call, 'x');
  const reps = call.attrs.reps as number[];
  if (!isWide(x.dtype) || x.shape.length > 3) return undefined;
  const { backend } = call;
  const shape = x.shape.map((n, i) => n * (reps[i] ?? 1));
  const [from, to] = [stepsOf(x.shape), stepsOf(shape)];
  const at = backend.offset(x);
  const y = backend.output(shape, x.dtype);
  const axes = x.shape.flatMap((size, i): MoveAxis[] => [
    { size: reps[i] ?? 1, from: 0, to: size * (to[i] ?? 1) },
    { size, from: from[i] ?? 1, to: to[i] ?? 1 },
  ]);
  moveBlock(backend, at, backend.offset(y), axes);
  return y;
}

function fill(call: Call): TensorInfo | undefined {
  const { shape, value, dtype } = call.attrs as { shape: number[]; value: unknown; dtype?: string };
  if (typeof value !== 'number' || (dtype !== undefined && dtype !== 'float32')) return undefined;
  const y = call.backend.output(shape);
  fillBits(call.backend, y, sizeOf(shape), bits(value));
  return y;
}

const filledLike =
  (value: number) =>
  (call: Call): TensorInfo | undefined => {
    const x = input(call, 'x');
    if (!isWide(x.dtype)) return undefined;
    const y = call.backend.output(x.shape, x.dtype);
    fillBits(call.backend, y, sizeOf(x.shape), x.dtype === 'float32' ? bits(value) : value);
    return y;
  };

function cast(call: Call): TensorInfo | undefined {
  const x = input(call, 'x');
  const dtype = call.attrs.dtype;
  // The cpu kernel shares an int32 array under a float32 name, which only JavaScript can read.
  if (dtype !== 'float32' || (x.dtype !== 'int32' && x.dtype !== 'bool')) return undefined;
  const y = call.backend.output(x.shape);
  call.backend.peek(y).set(call.backend.peek(x));
  return y;
}

/** Registers the kernels that move or make elements and compute nothing. */
export function registerShape(): void {
  override('Transpose', transpose);
  override('Slice', slice);
  override('SplitV', split);
  override('Concat', concat);
  override('PadV2', pad);
  override('Tile', tile);
  override('Fill', fill);
  override('ZerosLike', filledLike(0));
  override('OnesLike', filledLike(1));
  override('Cast', cast);
}
