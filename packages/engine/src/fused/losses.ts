import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls } from '../calls.ts';
import { cut } from '../kernels/cut.ts';
import { reduce } from '../kernels/reduce.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { line } from '../kernels/unary.ts';

/** A number of the host, times a tensor. */
function scaled(
  backend: EngineBackend,
  x: TensorInfo,
  factor: number,
  shape: readonly number[],
): TensorInfo {
  return { ...line(backend, x, factor, 0), shape: [...shape] };
}

const numberOf = (backend: EngineBackend, info: TensorInfo): number =>
  (backend.entry(info).values as Float32Array)[0] ?? Number.NaN;

/** The sum of a tensor, in double precision; a plain loop, since `reduce` makes an object of each number. */
function totalOf(backend: EngineBackend, info: TensorInfo): number {
  const values = backend.entry(info).values as Float32Array;
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

const crossEntropy: Kernel = ({ logits, target }, _, backend) => {
  if (logits === undefined || target === undefined) return undefined;
  const [rows = 0, classes = 0] = logits.shape;
  const [from, t] = [backend.place(logits), backend.place(target)];
  const losses = backend.output([rows]);
  const difference = backend.output(logits.shape);
  const places = { x: from, target: t, losses: losses.at, difference: difference.at };
  const items = cut(rows, 4 * rows * classes);
  if (rows > 0) calls.crossEntropy(backend.engine, items, { ...places, n: classes });
  const loss = reduce(backend, 'sum', losses.info, [0], false, true);
  backend.disposeData(losses.info.dataId);
  return [loss, difference.info];
};

const crossEntropyGradient: Kernel = ({ logits, dy, residual0: difference }, _, backend) => {
  if (logits === undefined || dy === undefined || difference === undefined) return undefined;
  const rows = logits.shape[0] ?? 1;
  return [scaled(backend, difference, numberOf(backend, dy) / rows, logits.shape)];
};

const squaredError: Kernel = ({ prediction, target, weights }, _, backend) => {
  if (prediction === undefined || target === undefined || weights === undefined) return undefined;
  const pixels = prediction.shape.at(-1) ?? 1;
  const rows = pixels === 0 ? 0 : util.sizeFromShape(prediction.shape) / pixels;
  const [p, t, w] = [backend.place(prediction), backend.place(target), backend.place(weights)];
  const losses = backend.output([rows]);
  const gradient = backend.output(prediction.shape);
  const inputs = { prediction: p, target: t, weights: w };
  const outputs = { losses: losses.at, gradient: gradient.at };
  const items = cut(rows, 2 * rows * pixels);
  if (rows > 0) calls.squaredError(backend.engine, items, { ...inputs, ...outputs, n: pixels });
  const total = totalOf(backend, weights);
  const sum = reduce(backend, 'sum', losses.info, [0], false);
  const loss = scaled(backend, sum, 1 / total, []);
  for (const { dataId } of [losses.info, sum]) backend.disposeData(dataId);
  return [loss, gradient.info];
};

const squaredErrorGradient: Kernel = ({ dy, weights, residual0: gradient }, _, backend) => {
  if (dy === undefined || weights === undefined || gradient === undefined) return undefined;
  const total = totalOf(backend, weights);
  return [scaled(backend, gradient, numberOf(backend, dy) / total, gradient.shape)];
};

/** The ends of the losses, with their gradients computed on the way. */
export const lossKernels: Kernels = {
  'twocan.softmaxCrossEntropy': crossEntropy,
  'twocan.softmaxCrossEntropy.gradient': crossEntropyGradient,
  'twocan.weightedMeanSquaredError': squaredError,
  'twocan.weightedMeanSquaredError.gradient': squaredErrorGradient,
};
