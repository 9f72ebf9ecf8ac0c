import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls } from '../calls.ts';
import { cut } from '../kernels/cut.ts';
import { matMul } from '../kernels/matmul.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';

/** Rows by number; those beyond the last are `other`, or zero. */
function pick(
  backend: EngineBackend,
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
  if (rows * width > 0) {
    const given = { x: from, index: at, y: out.at, n: width, count, other: fill };
    calls.gatherRows(backend.engine, cut(rows, rows * width), given);
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
