import { backend_util, type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { BINARY, KERNEL } from '../table.ts';
import { type Call, input, isFloat, isWide, override, sizeOf } from './register.ts';
import { runItems } from './work.ts';

type Name = keyof typeof BINARY;
type Axis = { size: number; a: number; b: number };

const OUTER = 5;

/** Steps of a contiguous tensor, aligned to the axes of a broadcast result; 0 where it is stretched. */
function stepsIn(shape: readonly number[], rank: number): number[] {
  const steps = new Array<number>(rank).fill(0);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] ?? 1;
    if (size !== 1) steps[rank - shape.length + i] = step;
    step *= size;
  }
  return steps;
}

/** The axes of a broadcast operation, outermost first, neighbours merged that step alike. */
export function mergeAxes(
  out: readonly number[],
  a: readonly number[],
  b: readonly number[],
): Axis[] {
  const [stepsA, stepsB] = [stepsIn(a, out.length), stepsIn(b, out.length)];
  const axes: Axis[] = [];
  out.forEach((size, i) => {
    if (size === 1) return;
    const axis = { size, a: stepsA[i] ?? 0, b: stepsB[i] ?? 0 };
    const last = axes[axes.length - 1];
    if (last && last.a === axis.a * size && last.b === axis.b * size) {
      axes[axes.length - 1] = { ...axis, size: last.size * size };
    } else {
      axes.push(axis);
    }
  });
  return axes.length === 0 ? [{ size: 1, a: 1, b: 1 }] : axes;
}

/** y = f(a, b) of floats with broadcasting; undefined if it has too many axes. */
export function binary(
  backend: SimdBackend,
  name: Name,
  a: TensorInfo,
  b: TensorInfo,
  dtype: DataType,
): TensorInfo | undefined {
  const shape = util.arraysEqual(a.shape, b.shape)
    ? a.shape
    : backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const axes = mergeAxes(shape, a.shape, b.shape);
  const inner = axes.pop() as Axis;
  if (axes.length > OUTER) return undefined;
  const [atA, atB] = [backend.offset(a), backend.offset(b)];
  const y = backend.output(shape, dtype);
  const size = sizeOf(shape);
  if (size === 0) return y;
  const { engine } = backend;
  const args = [BINARY[name], atA, atB, backend.offset(y)];
  if (axes.length === 0) {
    runItems(engine, KERNEL.binaryFlat, size, 1, [...args, inner.a, inner.b], 4);
    return y;
  }
  while (axes.length < OUTER) axes.unshift({ size: 1, a: 0, b: 0 });
  const dims = engine.table([
    ...axes.map((axis) => axis.size),
    ...axes.map((axis) => axis.a),
    ...axes.map((axis) => axis.b),
  ]);
  const all = [...args, inner.size, inner.a, inner.b, dims];
  runItems(engine, KERNEL.binaryRows, size / inner.size, inner.size + 30, all);
  return y;
}

function select(call: Call): TensorInfo | undefined {
  const [condition, t, e] = [input(call, 'condition'), input(call, 't'), input(call, 'e')];
  if (condition.dtype !== 'bool' || t.dtype !== e.dtype || !isWide(t.dtype)) return undefined;
  if (!util.arraysEqual(condition.shape, t.shape) || !util.arraysEqual(t.shape, e.shape)) {
    return undefined;
  }
  const { backend } = call;
  const [c, a, b] = [backend.offset(condition), backend.offset(t), backend.offset(e)];
  const y = backend.output(t.shape, t.dtype);
  const args = [c, a, b, backend.offset(y)];
  runItems(backend.engine, KERNEL.select, sizeOf(t.shape), 4, args);
  return y;
}

/** Sums any number of tensors of one shape. */
function addAll(call: Call): TensorInfo | undefined {
  const tensors = Object.values(call.inputs);
  const [first, ...others] = tensors;
  if (first === undefined || others.length === 0 || !isFloat(...tensors)) return undefined;
  const { backend } = call;
  let total = first;
  for (const t of others) {
    const next = binary(backend, 'Add', total, t, 'float32') as TensorInfo;
    if (total !== first) backend.disposeIntermediateTensorInfo(total);
    total = next;
  }
  return total;
}

/** Registers the kernels of two inputs with broadcasting, `Select` and `AddN`. */
export function registerBinary(): void {
  for (const name of Object.keys(BINARY) as Name[]) {
    const dtype = BINARY[name] >= BINARY.Equal ? 'bool' : 'float32';
    override(name, (call) => {
      const [a, b] = [input(call, 'a'), input(call, 'b')];
      return isFloat(a, b) ? binary(call.backend, name, a, b, dtype) : undefined;
    });
  }
  override('Select', select);
  override('AddN', addAll);
}
