import { util } from '@tensorflow/tfjs-core';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, cut, TASK } from '../kernels/tasks.ts';

type Numbers = Readonly<
  Record<'learningRate' | 'b1' | 'b2' | 'epsilon' | 'weightDecay' | 'step', number>
>;

const adamw: Kernel = ({ parameter, gradient, m, v }, attributes, backend) => {
  if (!parameter || !gradient || !m || !v) return undefined;
  const { learningRate, b1, b2, epsilon, weightDecay, step } = attributes as unknown as Numbers;
  const n = util.sizeFromShape(parameter.shape);
  const given = [parameter, gradient, m, v].map((info) => backend.place(info));
  const next = [0, 1, 2].map(() => backend.output(parameter.shape));
  const rate = learningRate / (1 - b1 ** step);
  const correction = 1 / Math.sqrt(1 - b2 ** step);
  const keep = 1 - learningRate * weightDecay;
  const numbers = [b1, b2, 1 - b1, 1 - b2, rate, correction, epsilon, keep].map(bits);
  const { chunk, tasks } = cut(n, 2 * n, 4);
  const places = next.map(({ at }) => at);
  if (n > 0) backend.engine.run(TASK.adamw, [n, chunk, ...given, ...places, ...numbers], tasks);
  return next.map(({ info }) => info);
};

/** The optimizer's step. */
export const optimizerKernels: Kernels = { 'twocan.adamwUpdate': adamw };
