import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { bits, KERNEL, REDUCE } from '../table.ts';
import { moveBlock, stepsOf } from './move.ts';
import { type Call, input, isFloat, override, sizeOf } from './register.ts';
import { blockRows, runItems, withRoom } from './work.ts';

type Op = 'sum' | 'max' | 'min' | 'squares';

const RUN = 16_384;

/** Reduces the last axis of [rows, n] at `x` to [rows] at `y`. */
function reduceLast(
  { engine }: SimdBackend,
  op: Op,
  x: number,
  y: number,
  [rows, n]: readonly [number, number],
  factor: number,
): void {
  if (n <= 4 * RUN || rows > 16) {
    runItems(engine, KERNEL.reduceRows, rows, n + 20, [REDUCE[op], x, y, n, bits(factor)]);
    return;
  }
  const runs = Math.ceil(n / RUN);
  withRoom(engine, 4 * runs, (room) => {
    for (let r = 0; r < rows; r++) {
      runItems(engine, KERNEL.reduceRuns, runs, RUN, [REDUCE[op], x + 4 * r * n, room, n, RUN]);
      const joined = REDUCE[op === 'squares' ? 'sum' : op];
      engine.run(KERNEL.reduceRows, 1, 1, [joined, room, y + 4 * r, runs, bits(factor)], true);
    }
  });
}

/** Reduces the middle axis of [outer, rows, n] at `x` to [outer, n] at `y`. */
export function reduceMiddle(
  { engine }: SimdBackend,
  op: Exclude<Op, 'squares'>,
  x: number,
  y: number,
  [outer, rows, n]: readonly [number, number, number],
  factor: number,
): void {
  const height = blockRows(rows, n);
  if (outer > 8 || height >= rows) {
    const args = [REDUCE[op], x, y, rows, n, bits(factor)];
    runItems(engine, KERNEL.reduceColumns, outer, rows * n, args);
    return;
  }
  const blocks = Math.ceil(rows / height);
  withRoom(engine, 4 * blocks * n, (room) => {
    for (let o = 0; o < outer; o++) {
      const from = x + 4 * o * rows * n;
      runItems(engine, KERNEL.reduceBlocks, blocks, height * n, [
        REDUCE[op],
        from,
        room,
        rows,
        n,
        height,
      ]);
      const args = [REDUCE[op], room, y + 4 * o * n, blocks, n, bits(factor)];
      engine.run(KERNEL.reduceColumns, 1, 1, args, true);
    }
  });
}

/** Reduces any axes of a float tensor. */
export function reduce(
  backend: SimdBackend,
  op: Exclude<Op, 'squares'>,
  x: TensorInfo,
  axes: readonly number[],
  keepDims: boolean,
  factor = 1,
): TensorInfo {
  const isReduced = x.shape.map((_, i) => axes.includes(i));
  const shape = x.shape.flatMap((n, i) => (isReduced[i] ? (keepDims ? [1] : []) : [n]));
  const from = backend.offset(x);
  const y = backend.output(shape);
  const to = backend.offset(y);
  const real = x.shape.map((_, i) => i).filter((i) => isReduced[i] && x.shape[i] !== 1);
  const low = real[0] ?? x.shape.length;
  const high = (real[real.length - 1] ?? low - 1) + 1;
  const rows = real.reduce((n, i) => n * (x.shape[i] ?? 1), 1);
  const adjacent = x.shape.slice(low, high).every((n, i) => isReduced[low + i] || n === 1);
  if (adjacent) {
    const outer = sizeOf(x.shape.slice(0, low));
    const n = sizeOf(x.shape.slice(high));
    if (n === 1) reduceLast(backend, op, from, to, [outer, rows], factor);
    else reduceMiddle(backend, op, from, to, [outer, rows, n], factor);
    return y;
  }
  // Reduced axes with others between them: bring them to the end first.
  const order = [...x.shape.keys()].filter((i) => !isReduced[i]).concat(real);
  const moved = order.map((i) => x.shape[i] ?? 1);
  const [steps, target] = [stepsOf(x.shape), stepsOf(moved)];
  withRoom(backend.engine, 4 * sizeOf(x.shape), (room) => {
    const wanted = order.map((i, k) => ({
      size: x.shape[i] ?? 1,
      from: steps[i] ?? 1,
      to: target[k] ?? 1,
    }));
    moveBlock(backend, from, room, wanted);
    reduceLast(backend, op, room, to, [sizeOf(shape), rows], factor);
  });
  return y;
}

/** Σ x² of a whole tensor, at `y`. */
export function sumOfSquares(backend: SimdBackend, x: TensorInfo, y: number): void {
  const from = backend.offset(x);
  reduceLast(backend, 'squares', from, y, [1, sizeOf(x.shape)], 1);
}

const reduction =
  (op: Exclude<Op, 'squares'>, axisName: string, average = false) =>
  (call: Call): TensorInfo | undefined => {
    const x = input(call, 'x');
    const size = sizeOf(x.shape);
    if (!isFloat(x) || size === 0) return undefined;
    const axes = util.parseAxisParam(call.attrs[axisName] as number[], x.shape);
    const rows = backend_util.computeOutAndReduceShapes(x.shape, axes)[1];
    const factor = average ? 1 / sizeOf(rows) : 1;
    return reduce(call.backend, op, x, axes, call.attrs.keepDims === true, factor);
  };

function softmax(call: Call): TensorInfo | undefined {
  const x = input(call, 'logits');
  const rank = x.shape.length;
  const dim = Number(call.attrs.dim);
  const size = sizeOf(x.shape);
  if (!isFloat(x) || size === 0 || (dim !== -1 && dim !== rank - 1)) return undefined;
  const { backend } = call;
  const n = x.shape[rank - 1] ?? 1;
  const from = backend.offset(x);
  const y = backend.output(x.shape);
  const args = [from, backend.offset(y), n, bits(1)];
  runItems(backend.engine, KERNEL.softmax, size / n, 10 * n + 20, args);
  return y;
}

/** Registers sums, means, maxima, minima and softmax. */
export function registerReduce(): void {
  override('Sum', reduction('sum', 'axis'));
  override('Mean', reduction('sum', 'axis', true));
  override('Max', reduction('max', 'reductionIndices'));
  override('Min', reduction('min', 'axis'));
  override('Softmax', softmax);
}
