import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { combine } from '../kernels/binary.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, cut, TASK } from '../kernels/tasks.ts';
import { LINE } from '../kernels/unary.ts';

const gelu: Kernel = ({ x }, _, backend) => {
  if (x === undefined) return undefined;
  const n = util.sizeFromShape(x.shape);
  const from = backend.place(x);
  const y = backend.output(x.shape);
  const derivative = backend.output(x.shape);
  const { chunk, tasks } = cut(n, 8 * n, 4);
  if (n > 0) {
    // 1·x + 0: a copy, which is then replaced in place.
    backend.engine.run(TASK.unary, [n, chunk, LINE, from, y.at, bits(1), bits(0)], tasks);
    backend.engine.run(TASK.gelu, [n, chunk, y.at, derivative.at], tasks);
  }
  return [y.info, derivative.info];
};

const geluGradient: Kernel = ({ dy, residual0: derivative }, _, backend) =>
  dy && derivative ? [combine(backend, 'Multiply', dy, derivative) as TensorInfo] : undefined;

/** The activation alone. */
export const geluKernels: Kernels = { 'twocan.gelu': gelu, 'twocan.gelu.gradient': geluGradient };
