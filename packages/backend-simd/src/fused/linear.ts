import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Output, SimdBackend } from '../backend.ts';
import { multiply } from '../kernels/matmul.ts';
import { reduce } from '../kernels/reduce.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, cut, TASK } from '../kernels/tasks.ts';

type Sizes = { readonly rows: number; readonly inner: number; readonly columns: number };

const sizesOf = (x: TensorInfo, kernel: TensorInfo): Sizes => {
  const [inner = 0, columns = 0] = kernel.shape;
  return { rows: util.sizeFromShape(x.shape.slice(0, -1)), inner, columns };
};

/** x·W + b, and with a place for the derivative GELU of it. */
function forward(
  backend: SimdBackend,
  x: TensorInfo,
  kernel: TensorInfo,
  bias: TensorInfo | undefined,
  derivative = 0,
): Output {
  const { rows, inner, columns } = sizesOf(x, kernel);
  const [a, b] = [backend.place(x), backend.place(kernel)];
  const offset = bias === undefined ? 0 : backend.place(bias);
  const out = backend.output([...x.shape.slice(0, -1), columns]);
  const sizes = { transposeA: false, transposeB: false, m: rows, n: columns, k: inner };
  multiply(backend, { ...sizes, a, b, c: out.at, bias: offset, derivative });
  return out;
}

/** dy·Wᵀ. */
function inputGradient(
  backend: SimdBackend,
  dy: TensorInfo,
  x: TensorInfo,
  kernel: TensorInfo,
): TensorInfo {
  const { rows, inner, columns } = sizesOf(x, kernel);
  const [a, b] = [backend.place(dy), backend.place(kernel)];
  const { info, at } = backend.output(x.shape);
  multiply(backend, {
    transposeA: false,
    transposeB: true,
    m: rows,
    n: inner,
    k: columns,
    a,
    b,
    c: at,
  });
  return info;
}

/** xᵀ·dy. */
function kernelGradient(
  backend: SimdBackend,
  dy: TensorInfo,
  x: TensorInfo,
  kernel: TensorInfo,
): TensorInfo {
  const { rows, inner, columns } = sizesOf(x, kernel);
  const [a, b] = [backend.place(x), backend.place(dy)];
  const { info, at } = backend.output(kernel.shape);
  multiply(backend, {
    transposeA: true,
    transposeB: false,
    m: inner,
    n: columns,
    k: rows,
    a,
    b,
    c: at,
  });
  return info;
}

/** Sums over all axes but the last. */
const biasGradient = (backend: SimdBackend, dy: TensorInfo): TensorInfo =>
  reduce(backend, 'sum', dy, [...dy.shape.keys()].slice(0, -1), false);

type Given = Readonly<Record<'x' | 'kernel' | 'bias' | 'dy' | 'residual0', TensorInfo>>;

const linear: Kernel = (inputs, _, backend) => {
  const { x, kernel, bias } = inputs as Given;
  return [forward(backend, x, kernel, bias).info];
};

const linearGradient: Kernel = (inputs, _, backend) => {
  const { x, kernel, dy } = inputs as Given;
  return [
    inputGradient(backend, dy, x, kernel),
    kernelGradient(backend, dy, x, kernel),
    biasGradient(backend, dy),
  ];
};

const linearNoBiasGradient: Kernel = (inputs, _, backend) => {
  const { x, kernel, dy } = inputs as Given;
  return [inputGradient(backend, dy, x, kernel), kernelGradient(backend, dy, x, kernel)];
};

const linearOnDataGradient: Kernel = (inputs, _, backend) => {
  const { x, kernel, dy } = inputs as Given;
  return [kernelGradient(backend, dy, x, kernel), biasGradient(backend, dy)];
};

const linearGelu: Kernel = (inputs, _, backend) => {
  const { x, kernel, bias } = inputs as Given;
  const columns = kernel.shape[1] ?? 0;
  const derivative = backend.output([...x.shape.slice(0, -1), columns]);
  return [forward(backend, x, kernel, bias, derivative.at).info, derivative.info];
};

const linearGeluGradient: Kernel = (inputs, _, backend) => {
  const { x, kernel, dy, residual0: derivative } = inputs as Given;
  const { rows, columns } = sizesOf(x, kernel);
  const [from, slope] = [backend.place(dy), backend.place(derivative)];
  const d = backend.output(dy.shape);
  const dBias = backend.output([columns]);
  const { chunk, tasks } = cut(rows, rows * columns);
  backend.temporary(4 * tasks * columns, (partial) => {
    const words = [rows, chunk, from, slope, d.at, partial, columns];
    backend.engine.run(TASK.slopeRows, words, tasks);
    const ends = [1, 1, 0, partial, dBias.at, tasks, columns, bits(1)];
    backend.engine.run(TASK.reduceColumns, ends, 1);
  });
  const gradients = [
    inputGradient(backend, d.info, x, kernel),
    kernelGradient(backend, d.info, x, kernel),
    dBias.info,
  ];
  backend.disposeData(d.info.dataId);
  return gradients;
};

/** Linear maps of the last axis. */
export const linearKernels: Kernels = {
  'twocan.linear': linear,
  'twocan.linear.gradient': linearGradient,
  'twocan.linearNoBias': linear,
  'twocan.linearNoBias.gradient': linearNoBiasGradient,
  'twocan.linearOnData': linear,
  'twocan.linearOnData.gradient': linearOnDataGradient,
  'twocan.linearGelu': linearGelu,
  'twocan.linearGelu.gradient': linearGeluGradient,
};
