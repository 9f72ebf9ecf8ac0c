import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend, Output } from '../backend.ts';
import { multiply } from '../kernels/product.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';

type Sizes = { readonly rows: number; readonly inner: number; readonly columns: number };

const sizesOf = (x: TensorInfo, kernel: TensorInfo): Sizes => {
  const [inner = 0, columns = 0] = kernel.shape;
  return { rows: util.sizeFromShape(x.shape.slice(0, -1)), inner, columns };
};

/** x·W + b, and with a place for the derivative GELU of it. */
function forward(
  backend: EngineBackend,
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

/** What a gradient is taken from; with `slope`, dy is multiplied with it first. */
type Source = {
  readonly x: TensorInfo;
  readonly kernel: TensorInfo;
  readonly dy: TensorInfo;
  readonly slope?: TensorInfo;
};

const placeOf = (backend: EngineBackend, info: TensorInfo | undefined): number =>
  info === undefined ? 0 : backend.place(info);

/** dy·Wᵀ. */
function inputGradient(backend: EngineBackend, { x, kernel, dy, slope }: Source): TensorInfo {
  const { rows: m, inner: n, columns: k } = sizesOf(x, kernel);
  const [a, b, factorA] = [backend.place(dy), backend.place(kernel), placeOf(backend, slope)];
  const { info, at: c } = backend.output(x.shape);
  multiply(backend, { transposeA: false, transposeB: true, m, n, k, a, b, c, factorA });
  return info;
}

/** xᵀ·dy, and the sums of dy's columns, taken while they are packed. */
function parameterGradients(
  backend: EngineBackend,
  { x, kernel, dy, slope }: Source,
  withBias: boolean,
): TensorInfo[] {
  const { rows: k, inner: m, columns: n } = sizesOf(x, kernel);
  const [a, b, factorB] = [backend.place(x), backend.place(dy), placeOf(backend, slope)];
  const { info, at: c } = backend.output(kernel.shape);
  const bias = withBias ? backend.output([n]) : undefined;
  const sums = bias?.at ?? 0;
  multiply(backend, { transposeA: true, transposeB: false, m, n, k, a, b, c, factorB, sums });
  return bias === undefined ? [info] : [info, bias.info];
}

type Given = Readonly<Record<'x' | 'kernel' | 'bias' | 'dy' | 'residual0', TensorInfo>>;

const linear: Kernel = (inputs, _, backend) => {
  const { x, kernel, bias } = inputs as Given;
  return [forward(backend, x, kernel, bias).info];
};

const linearGradient: Kernel = (inputs, _, backend) => {
  const source = inputs as Given;
  return [inputGradient(backend, source), ...parameterGradients(backend, source, true)];
};

const linearNoBiasGradient: Kernel = (inputs, _, backend) => {
  const source = inputs as Given;
  return [inputGradient(backend, source), ...parameterGradients(backend, source, false)];
};

const linearOnDataGradient: Kernel = (inputs, _, backend) =>
  parameterGradients(backend, inputs as Given, true);

const linearGelu: Kernel = (inputs, _, backend) => {
  const { x, kernel, bias } = inputs as Given;
  const columns = kernel.shape[1] ?? 0;
  const derivative = backend.output([...x.shape.slice(0, -1), columns]);
  return [forward(backend, x, kernel, bias, derivative.at).info, derivative.info];
};

const linearGeluGradient: Kernel = (inputs, _, backend) => {
  const { x, kernel, dy, residual0: slope } = inputs as Given;
  const source = { x, kernel, dy, slope };
  return [inputGradient(backend, source), ...parameterGradients(backend, source, true)];
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
