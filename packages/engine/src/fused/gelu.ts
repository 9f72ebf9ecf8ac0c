import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { calls } from '../calls.ts';
import { combine } from '../kernels/binary.ts';
import { cut } from '../kernels/cut.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { LINE } from '../kernels/unary.ts';

const gelu: Kernel = ({ x }, _, backend) => {
  if (x === undefined) return undefined;
  const n = util.sizeFromShape(x.shape);
  const from = backend.place(x);
  const y = backend.output(x.shape);
  const derivative = backend.output(x.shape);
  const items = cut(n, 8 * n, 4);
  if (n > 0) {
    // 1·x + 0: a copy, which is then replaced in place.
    calls.unary(backend.engine, items, { code: LINE, x: from, y: y.at, p: 1, q: 0 });
    calls.gelu(backend.engine, items, { z: y.at, derivative: derivative.at });
  }
  return [y.info, derivative.info];
};

const geluGradient: Kernel = ({ dy, residual0: derivative }, _, backend) =>
  dy && derivative ? [combine(backend, 'Multiply', dy, derivative) as TensorInfo] : undefined;

/** The activation alone. */
export const geluKernels: Kernels = { 'twocan.gelu': gelu, 'twocan.gelu.gradient': geluGradient };
