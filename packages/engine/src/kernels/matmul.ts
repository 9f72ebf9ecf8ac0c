import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls } from '../calls.ts';
import { multiply } from './product.ts';
import type { Kernel, Kernels } from './register.ts';
import { codeOf, mapElements } from './unary.ts';

const WORTH_TASKS = 200_000; // multiplications and additions

type Batch = { readonly size: number; readonly shape: readonly number[] };

/** Which matrix of a batch goes with the i-th of the result. */
function sourceOf(i: number, own: Batch, out: Batch): number {
  let [rest, index, stride] = [i, 0, 1];
  for (let d = 1; d <= out.shape.length; d++) {
    const length = out.shape[out.shape.length - d] as number;
    const size = own.shape[own.shape.length - d] ?? 1;
    if (size > 1) index += (rest % length) * stride;
    stride *= size;
    rest = Math.floor(rest / length);
  }
  return index;
}

/** The products of two batches of matrices, broadcast. */
export function matMul(
  backend: EngineBackend,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  bias = 0,
): TensorInfo {
  util.assert(
    a.shape.length >= 2 && b.shape.length >= 2,
    () =>
      `matMul: both sides must be matrices or batches of them, got [${a.shape}] and [${b.shape}]`,
  );
  const [rowsA = 0, columnsA = 0] = a.shape.slice(-2);
  const [rowsB = 0, columnsB = 0] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  util.assert(
    k === inner,
    () =>
      `matMul: inner dimensions must agree, got ${k} and ${inner} of [${a.shape}] and [${b.shape}]`,
  );
  const batch = (shape: readonly number[]): Batch => ({
    shape,
    size: util.sizeFromShape([...shape]),
  });
  const [left, right] = [batch(a.shape.slice(0, -2)), batch(b.shape.slice(0, -2))];
  const out = batch(broadcast_util.assertAndGetBroadcastShape([...left.shape], [...right.shape]));
  const [atA, atB] = [backend.place(a), backend.place(b)];
  const { info, at } = backend.output([...out.shape, m, n]);
  if (m * n * out.size === 0) return info;
  const one = { transposeA, transposeB, m, n, k, bias };
  if (out.size === 1) {
    multiply(backend, { ...one, a: atA, b: atB, c: at });
  } else if (right.size === 1 && left.size === out.size && !transposeA) {
    // One matrix on the right: the batch is only more rows.
    multiply(backend, { ...one, m: out.size * m, a: atA, b: atB, c: at });
  } else if (bias === 0 && [left, right].every(({ size }) => size === 1 || size === out.size)) {
    const step = ({ size }: Batch, elements: number): number => (size === 1 ? 0 : elements);
    const tasks = Math.min(out.size, 2 * m * n * k * out.size > WORTH_TASKS ? 16 : 1);
    const chunk = Math.ceil(out.size / tasks);
    calls.gemmBatch(
      backend.engine,
      { items: out.size, chunk },
      {
        transposeA,
        transposeB,
        m,
        n,
        k,
        a: atA,
        stepA: step(left, m * k),
        lda: transposeA ? m : k,
        b: atB,
        stepB: step(right, k * n),
        ldb: transposeB ? k : n,
        c: at,
        stepC: m * n,
      },
    );
  } else {
    for (let i = 0; i < out.size; i++) {
      const [fromA, fromB] = [sourceOf(i, left, out), sourceOf(i, right, out)];
      multiply(backend, {
        ...one,
        a: atA + 4 * fromA * m * k,
        b: atB + 4 * fromB * k * n,
        c: at + 4 * i * m * n,
      });
    }
  }
  return info;
}

const areFloats = (...infos: (TensorInfo | undefined)[]): boolean =>
  infos.every((info) => info?.dtype === 'float32');

const batchMatMul: Kernel = ({ a, b }, { transposeA, transposeB }, backend) => {
  if (a === undefined || b === undefined || !areFloats(a, b)) return undefined;
  return matMul(backend, a, b, transposeA === true, transposeB === true);
};

const ACTIVATIONS: Readonly<Record<string, number>> = {
  relu: codeOf('Relu'),
  relu6: codeOf('Relu6'),
  elu: codeOf('Elu'),
  sigmoid: codeOf('Sigmoid'),
};

const fusedMatMul: Kernel = ({ a, b, bias }, attributes, backend) => {
  const { transposeA, transposeB, activation } = attributes;
  const name = (activation ?? 'linear') as string;
  if (a === undefined || b === undefined || !areFloats(a, b)) return undefined;
  if (bias && (bias.dtype !== 'float32' || util.sizeFromShape(bias.shape) !== bias.shape.at(-1))) {
    return undefined;
  }
  const n = b.shape.at(transposeB === true ? -2 : -1);
  if (bias && bias.shape.at(-1) !== n) return undefined;
  if (name !== 'linear' && ACTIVATIONS[name] === undefined) return undefined;
  const offset = bias ? backend.place(bias) : 0;
  const product = matMul(backend, a, b, transposeA === true, transposeB === true, offset);
  if (name === 'linear') return product;
  const activated = mapElements(backend, ACTIVATIONS[name] as number, product);
  backend.disposeData(product.dataId);
  return activated;
};

/** Products of matrices. */
export const matMulKernels: Kernels = { BatchMatMul: batchMatMul, _FusedMatMul: fusedMatMul };
