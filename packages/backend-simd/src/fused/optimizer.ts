import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Output, SimdBackend } from '../backend.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, cut, TASK } from '../kernels/tasks.ts';

type Numbers = Readonly<
  Record<'learningRate' | 'b1' | 'b2' | 'epsilon' | 'weightDecay' | 'step', number>
>;

/** Where a result goes: over its input if nothing else has that memory, else where there is room. */
const over = (info: TensorInfo, inputs: readonly TensorInfo[], backend: SimdBackend): Output => {
  const { dataId, shape, dtype } = info;
  const uses = inputs.filter((input) => input.dataId === dataId).length;
  if (uses > 1 || backend.entry(info).refCount > 1) return backend.output(shape);
  backend.incRef(dataId);
  return { info: { dataId, shape, dtype }, at: backend.place(info) };
};

const adamw =
  (place: typeof over): Kernel =>
  ({ parameter, gradient, m, v }, attributes, backend) => {
    if (!parameter || !gradient || !m || !v) return undefined;
    const { learningRate, b1, b2, epsilon, weightDecay, step } = attributes as unknown as Numbers;
    const n = util.sizeFromShape(parameter.shape);
    const inputs = [parameter, gradient, m, v];
    const given = inputs.map((info) => backend.place(info));
    const next = [parameter, m, v].map((info) => place(info, inputs, backend));
    const rate = learningRate / (1 - b1 ** step);
    const correction = 1 / Math.sqrt(1 - b2 ** step);
    const keep = 1 - learningRate * weightDecay;
    const numbers = [b1, b2, 1 - b1, 1 - b2, rate, correction, epsilon, keep].map(bits);
    const { chunk, tasks } = cut(n, 2 * n, 4);
    const places = next.map(({ at }) => at);
    if (n > 0) backend.engine.run(TASK.adamw, [n, chunk, ...given, ...places, ...numbers], tasks);
    return next.map(({ info }) => info);
  };

const PART = 65_536; // elements that are summed together

const squaredNorm: Kernel = (inputs, _, backend) => {
  const parts = Object.values(inputs).flatMap((info) => {
    const [at, n] = [backend.place(info), util.sizeFromShape(info.shape)];
    return Array.from({ length: Math.ceil(n / PART) }, (_, i) => [
      at + 4 * i * PART,
      Math.min(PART, n - i * PART),
    ]);
  });
  const { info, at: to } = backend.output([]);
  const count = parts.length;
  backend.temporary(12 * count + 4, (table) => {
    new Int32Array(backend.engine.memory.buffer, table, 2 * count).set(parts.flat());
    const sums = table + 8 * count;
    const { chunk, tasks } = cut(count, count * PART);
    if (count > 0) backend.engine.run(TASK.sumOfSquares, [count, chunk, table, sums], tasks);
    backend.engine.run(TASK.reduceRows, [1, 1, 0, sums, to, count, bits(1)], 1);
  });
  return info;
};

/** The optimizer's step, and the length of the gradient. */
export const optimizerKernels: Kernels = {
  'twocan.adamwUpdate': adamw(({ shape }, _, backend) => backend.output(shape)),
  'twocan.adamwInPlace': adamw(over),
  'twocan.squaredNorm': squaredNorm,
};
