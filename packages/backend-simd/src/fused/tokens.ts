import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { matMul } from '../kernels/matmul.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { cut, TASK } from '../kernels/tasks.ts';

/** Rows by number; those beyond the last are `other`, or zero. */
function pick(
  backend: SimdBackend,
  x: TensorInfo,
  index: TensorInfo,
  shape: readonly number[],
  other?: TensorInfo,
): TensorInfo {
  const width = x.shape.at(-1) ?? 0;
  const count = width === 0 ? 0 : util.sizeFromShape(x.shape) / width;
  const rows = util.sizeFromShape(index.shape);
  const [from, at] = [backend.place(x), backend.place(index)];
  const fill = other === undefined ? 0 : backend.place(other);
  const out = backend.output(shape);
  const { chunk, tasks } = cut(rows, rows * width);
  if (rows * width > 0) {
    backend.engine.run(TASK.gatherRows, [rows, chunk, from, at, out.at, width, count, fill], tasks);
  }
  return out.info;
}

type Given = Readonly<Record<'x' | 'fill' | 'index' | 'back' | 'filled' | 'dy', TensorInfo>>;

const gather: Kernel = (inputs, { count }, backend) => {
  const { x, index } = inputs as Given;
  const [batch = 0, , width = 0] = x.shape;
  return [pick(backend, x, index, [batch, count as number, width])];
};

const gatherGradient: Kernel = (inputs, _, backend) => {
  const { x, back, dy } = inputs as Given;
  return [pick(backend, dy, back, x.shape)];
};

const scatter: Kernel = (inputs, { count }, backend) => {
  const { x, fill, index } = inputs as Given;
  const [batch = 0, , width = 0] = x.shape;
  return [pick(backend, x, index, [batch, count as number, width], fill)];
};

const scatterGradient: Kernel = (inputs, _, backend) => {
  const { x, fill, back, filled, dy } = inputs as Given;
  const width = dy.shape.at(-1) ?? 0;
  const rows = { ...dy, shape: [util.sizeFromShape(dy.shape) / Math.max(1, width), width] };
  const dFill = matMul(backend, filled, rows, false, false);
  return [pick(backend, dy, back, x.shape), { ...dFill, shape: fill.shape }];
};

/** Tokens that are kept, and tokens put back. */
export const tokenKernels: Kernels = {
  'twocan.gatherTokens': gather,
  'twocan.gatherTokens.gradient': gatherGradient,
  'twocan.scatterTokens': scatter,
  'twocan.scatterTokens.gradient': scatterGradient,
};
