import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend, Output } from '../backend.ts';
import { calls, ONE_ITEM } from '../calls.ts';
import { cut } from '../kernels/cut.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';

type Numbers = Readonly<
  Record<'learningRate' | 'b1' | 'b2' | 'epsilon' | 'weightDecay' | 'step', number>
>;

/** Where a result goes: over its input if nothing else has that memory, else where there is room. */
export const over = (
  info: TensorInfo,
  inputs: readonly TensorInfo[],
  backend: EngineBackend,
): Output => {
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
    const p = place(parameter, inputs, backend);
    const first = place(m, inputs, backend);
    const second = place(v, inputs, backend);
    // One object, without spreads: this runs for each parameter at each step.
    const given = {
      p: backend.place(parameter),
      g: backend.place(gradient),
      m: backend.place(m),
      v: backend.place(v),
      pNext: p.at,
      mNext: first.at,
      vNext: second.at,
      b1,
      b2,
      o1: 1 - b1,
      o2: 1 - b2,
      rate: learningRate / (1 - b1 ** step),
      correction: 1 / Math.sqrt(1 - b2 ** step),
      epsilon,
      keep: 1 - learningRate * weightDecay,
    };
    if (n > 0) calls.adamw(backend.engine, cut(n, 2 * n, 4), given);
    return [p.info, first.info, second.info];
  };

const PART = 65_536; // elements that are summed together

const squaredNorm: Kernel = (inputs, _, backend) => {
  const tensors = Object.values(inputs).map((info) => {
    const items = util.sizeFromShape(info.shape);
    return { x: backend.place(info), items, parts: Math.ceil(items / PART) };
  });
  const { info, at: y } = backend.output([]);
  const reduced = tensors.reduce((sum, { parts }) => sum + parts, 0);
  backend.temporary(4 * reduced + 4, (x) => {
    let sums = x;
    for (const { x: from, items, parts } of tensors) {
      if (items > 0) calls.sumOfSquares(backend.engine, { items, chunk: PART }, { x: from, sums });
      sums += 4 * parts;
    }
    calls.reduceRows(backend.engine, ONE_ITEM, { code: 0, x, y, reduced, scale: 1 });
  });
  return info;
};

/** The optimizer's step, and the length of the gradient. */
export const optimizerKernels: Kernels = {
  'twocan.adamwUpdate': adamw(({ shape }, _, backend) => backend.output(shape)),
  'twocan.adamwInPlace': adamw(over),
  'twocan.squaredNorm': squaredNorm,
};
