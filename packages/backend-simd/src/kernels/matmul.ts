import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../table.ts';
import { binary } from './binary.ts';
import { fillBits } from './move.ts';
import { type Call, input, isFloat, override, sizeOf } from './register.ts';
import { unary } from './unary.ts';
import { runItems, withRoom } from './work.ts';

/** One product of matrices at byte offsets; leading dimensions count elements. */
export type Product = {
  readonly ta: boolean;
  readonly tb: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Offset of `[n]`, or 0. */
  readonly bias?: number;
  /** Where GELU of the product goes; the product itself then becomes GELU's slope. */
  readonly gelu?: number;
};

/** Fewer multiplications are not worth a second thread. */
const LIGHT = 100_000;

/**
 * A cut of C into tiles. Every ticket packs its own rows of A and columns of B, so of all cuts into
 * enough tiles the one that packs least.
 */
function tiles(m: number, n: number, threads: number): [height: number, width: number] {
  const round = (size: number, parts: number): number => Math.ceil(size / parts / 16) * 16;
  const wanted = threads === 1 ? 1 : 4 * threads;
  let best: [number, number] = [m, n];
  let least = Number.POSITIVE_INFINITY;
  for (let down = 1; down <= wanted; down++) {
    const across = Math.ceil(wanted / down);
    const [height, width] = [round(m, down), round(n, across)];
    const [rows, columns] = [Math.ceil(m / height), Math.ceil(n / width)];
    const idle = Math.max(0, threads - rows * columns) * m * n;
    const packed = rows * n + columns * m + idle;
    if (packed < least) [best, least] = [[height, width], packed];
  }
  return best;
}

/** Runs one product. */
export function multiply({ engine }: SimdBackend, p: Product): void {
  const { m, n, k } = p;
  const light = m * n * k < LIGHT;
  const [height, width] = light ? [m, n] : tiles(m, n, engine.variant.threads);
  const items = Math.ceil(m / height) * Math.ceil(n / width);
  const args = [
    ...[p.ta ? 1 : 0, p.tb ? 1 : 0, m, n, k, p.a, p.ta ? m : k, p.b, p.tb ? k : n, p.c, n],
    ...[p.bias ?? 0, height, width, p.gelu ?? 0],
  ];
  engine.run(KERNEL.gemmTiles, items, 1, args, light);
}

/** For each product of a broadcast batch, where its two sides start, in elements. */
function batchPairs(
  out: readonly number[],
  a: readonly number[],
  b: readonly number[],
  [sizeA, sizeB]: readonly [number, number],
): Int32Array {
  const pairs = new Int32Array(2 * sizeOf(out));
  for (let i = 0; i < pairs.length / 2; i++) {
    let rest = i;
    let [atA, atB, stepA, stepB] = [0, 0, 1, 1];
    for (let d = 1; d <= out.length; d++) {
      const size = out[out.length - d] ?? 1;
      const [na, nb] = [a[a.length - d] ?? 1, b[b.length - d] ?? 1];
      const at = rest % size;
      rest = (rest - at) / size;
      if (na > 1) atA += at * stepA;
      if (nb > 1) atB += at * stepB;
      stepA *= na;
      stepB *= nb;
    }
    pairs[2 * i] = atA * sizeA;
    pairs[2 * i + 1] = atB * sizeB;
  }
  return pairs;
}

function product(
  backend: SimdBackend,
  a: TensorInfo,
  b: TensorInfo,
  ta: boolean,
  tb: boolean,
  bias?: TensorInfo,
): TensorInfo | undefined {
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  if (rankA < 2 || rankB < 2) return undefined; // cpu's error
  const [m = 0, k = 0] = ta ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const [inner = 0, n = 0] = tb ? b.shape.slice(-2).reverse() : b.shape.slice(-2);
  if (!isFloat(a, b) || k !== inner) return undefined;
  const [batchA, batchB] = [a.shape.slice(0, rankA - 2), b.shape.slice(0, rankB - 2)];
  const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const [count, countA, countB] = [sizeOf(batch), sizeOf(batchA), sizeOf(batchB)];
  const { engine } = backend;
  const [atA, atB, atBias] = [
    backend.offset(a),
    backend.offset(b),
    bias ? backend.offset(bias) : 0,
  ];
  const y = backend.output([...batch, m, n]);
  const c = backend.offset(y);
  if (count * m * n === 0) return y;
  if (k === 0) {
    fillBits(backend, y, count * m * n, 0);
    return bias ? binary(backend, 'Add', y, bias, 'float32') : y;
  }
  if (count === 1 || (countB === 1 && !ta && countA === count)) {
    multiply(backend, { ta, tb, m: count * m, n, k, a: atA, b: atB, c, bias: atBias });
    return y;
  }
  const args = [ta ? 1 : 0, tb ? 1 : 0, m, n, k, atA, atB, c];
  const work = (m * n * k) / 4 + m * n + m * k + n * k + 100;
  if ((countA === count || countA === 1) && (countB === count || countB === 1)) {
    const steps = [countA === 1 ? 0 : m * k, countB === 1 ? 0 : k * n, 0];
    runItems(engine, KERNEL.gemmBatch, count, work, [...args, ...steps]);
  } else {
    withRoom(engine, 8 * count, (room) => {
      const pairs = batchPairs(batch, batchA, batchB, [m * k, k * n]);
      new Int32Array(engine.memory.buffer, room, pairs.length).set(pairs);
      runItems(engine, KERNEL.gemmBatch, count, work, [...args, 0, 0, room]);
    });
  }
  if (bias === undefined) return y;
  const shifted = binary(backend, 'Add', y, bias, 'float32');
  backend.disposeIntermediateTensorInfo(y);
  return shifted;
}

const ACTIVATIONS = {
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
} as const;

function fused(call: Call): TensorInfo | undefined {
  const { backend, attrs } = call;
  const [a, b, bias] = [input(call, 'a'), input(call, 'b'), call.inputs.bias];
  const activation = (attrs.activation ?? 'linear') as string;
  const name = ACTIVATIONS[activation as keyof typeof ACTIVATIONS];
  if (name === undefined && activation !== 'linear') return undefined;
  const [ta, tb] = [attrs.transposeA === true, attrs.transposeB === true];
  const n = b.shape[b.shape.length - (tb ? 2 : 1)] ?? 0;
  if (bias !== undefined && (!isFloat(bias) || sizeOf(bias.shape) !== n)) return undefined;
  const y = product(backend, a, b, ta, tb, bias);
  if (y === undefined || name === undefined) return y;
  const active = unary(backend, name, y, Number(attrs.leakyreluAlpha ?? 0));
  backend.disposeIntermediateTensorInfo(y);
  return active;
}

/** Registers the products. */
export function registerMatmul(): void {
  override('BatchMatMul', (call) => {
    const { transposeA, transposeB } = call.attrs;
    return product(
      call.backend,
      input(call, 'a'),
      input(call, 'b'),
      transposeA === true,
      transposeB === true,
    );
  });
  override('_FusedMatMul', fused);
}
