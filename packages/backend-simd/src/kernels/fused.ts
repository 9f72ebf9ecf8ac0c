import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bits, KERNEL } from '../table.ts';
import { binary } from './binary.ts';
import { copyRows } from './gather.ts';
import { multiply } from './matmul.ts';
import { reduceMiddle, sumOfSquares } from './reduce.ts';
import { type Call, define, input, sizeOf } from './register.ts';
import { blockRows, runItems, withRoom } from './work.ts';

// The kernels of twocan's op contract, in pairs `twocan.<name>` and `twocan.<name>.gradient`: value and
// residuals, then one gradient per input. packages/core defines each op in plain terms.

const lastOf = (t: TensorInfo): number => t.shape[t.shape.length - 1] ?? 1;
const rowsOf = (t: TensorInfo): number => sizeOf(t.shape) / Math.max(1, lastOf(t));

/** y = x·W + b, with GELU on request: then the second result is GELU's slope. */
function linear(call: Call, gelu: boolean): TensorInfo[] {
  const { backend } = call;
  const [x, kernel, bias] = [input(call, 'x'), input(call, 'kernel'), call.inputs.bias];
  const [k = 0, n = 0] = kernel.shape;
  const [a, b] = [backend.offset(x), backend.offset(kernel)];
  const at = bias ? backend.offset(bias) : 0;
  const shape = [...x.shape.slice(0, -1), n];
  const y = backend.output(shape);
  const slope = gelu ? backend.output(shape) : undefined;
  const m = rowsOf(x);
  const common = { ta: false, tb: false, m, n, k, a, b, bias: at };
  if (m * n > 0) {
    if (slope) multiply(backend, { ...common, c: backend.offset(slope), gelu: backend.offset(y) });
    else multiply(backend, { ...common, c: backend.offset(y) });
  }
  return slope ? [y, slope] : [y];
}

/** Column sums of [rows, n] at an offset. */
function columnSums(call: Call, at: number, rows: number, n: number): TensorInfo {
  const sums = call.backend.output([n]);
  reduceMiddle(call.backend, 'sum', at, call.backend.offset(sums), [1, rows, n], 1);
  return sums;
}

/** dX = d·Wᵀ and dW = xᵀ·d for d [rows, n] at an offset. */
function productGradients(call: Call, d: number, withInput: boolean): TensorInfo[] {
  const { backend } = call;
  const [x, kernel] = [input(call, 'x'), input(call, 'kernel')];
  const [i = 0, o = 0] = kernel.shape;
  const m = rowsOf(x);
  const [a, w] = [backend.offset(x), backend.offset(kernel)];
  const dKernel = backend.output(kernel.shape);
  const c = backend.offset(dKernel);
  multiply(backend, { ta: true, tb: false, m: i, n: o, k: m, a, b: d, c });
  if (!withInput) return [dKernel];
  const dx = backend.output(x.shape);
  multiply(backend, { ta: false, tb: true, m, n: i, k: o, a: d, b: w, c: backend.offset(dx) });
  return [dx, dKernel];
}

function linearGradient(call: Call, withInput: boolean, withBias: boolean): TensorInfo[] {
  const dy = input(call, 'dy');
  const d = call.backend.offset(dy);
  const gradients = productGradients(call, d, withInput);
  return withBias ? [...gradients, columnSums(call, d, rowsOf(dy), lastOf(dy))] : gradients;
}

function linearGeluGradient(call: Call): TensorInfo[] {
  const { backend } = call;
  const { engine } = backend;
  const dy = input(call, 'dy');
  const [rows, n] = [rowsOf(dy), lastOf(dy)];
  const [from, slope] = [backend.offset(dy), backend.offset(input(call, 'residual0'))];
  const dBias = backend.output([n]);
  const height = blockRows(rows, n);
  const blocks = Math.ceil(rows / height);
  return withRoom(engine, 4 * (rows + blocks) * n, (d) => {
    const sums = d + 4 * rows * n;
    runItems(engine, KERNEL.slopeRows, blocks, height * n, [from, slope, d, sums, rows, n, height]);
    reduceMiddle(backend, 'sum', sums, backend.offset(dBias), [1, blocks, n], 1);
    return [...productGradients(call, d, true), dBias];
  });
}

function gelu(call: Call): TensorInfo[] {
  const { backend } = call;
  const x = input(call, 'x');
  const from = backend.offset(x);
  const [y, slope] = [backend.output(x.shape), backend.output(x.shape)];
  const args = [from, backend.offset(y), backend.offset(slope)];
  runItems(backend.engine, KERNEL.geluWithSlope, sizeOf(x.shape), 16, args, 4);
  return [y, slope];
}

function layerNorm(call: Call): TensorInfo[] {
  const { backend } = call;
  const [x, scale, bias] = [input(call, 'x'), input(call, 'scale'), input(call, 'bias')];
  const [rows, n] = [rowsOf(x), lastOf(x)];
  const from = [backend.offset(x), backend.offset(scale), backend.offset(bias)];
  const [y, means, inverses] = [
    backend.output(x.shape),
    backend.output([rows]),
    backend.output([rows]),
  ];
  const to = [y, means, inverses].map((t) => backend.offset(t));
  const args = [...from, ...to, n, bits(Number(call.attrs.epsilon))];
  runItems(backend.engine, KERNEL.layerNorm, rows, 4 * n + 20, args);
  return [y, means, inverses];
}

function layerNormGradient(call: Call): TensorInfo[] {
  const { backend } = call;
  const { engine } = backend;
  const names = ['x', 'scale', 'dy', 'residual0', 'residual1'];
  const [x, scale, dy, means, inverses] = names.map((name) => backend.offset(input(call, name)));
  const shape = input(call, 'x').shape;
  const [rows, n] = [rowsOf(input(call, 'x')), lastOf(input(call, 'x'))];
  const [dx, dScale, dBias] = [backend.output(shape), backend.output([n]), backend.output([n])];
  const height = blockRows(rows, 4 * n);
  const blocks = Math.ceil(rows / height);
  withRoom(engine, 8 * blocks * n, (room) => {
    const other = room + 4 * blocks * n;
    const args = [x, scale, dy, backend.offset(dx), means, inverses, room, other, n].map(Number);
    engine.run(KERNEL.layerNormGradient, rows, height, args, rows * n < 30_000);
    reduceMiddle(backend, 'sum', room, backend.offset(dScale), [1, blocks, n], 1);
    reduceMiddle(backend, 'sum', other, backend.offset(dBias), [1, blocks, n], 1);
  });
  return [dx, dScale, dBias];
}

function attention(call: Call): TensorInfo[] {
  const { backend } = call;
  const qkv = input(call, 'qkv');
  const heads = Number(call.attrs.heads);
  const [batch = 0, tokens = 0, width = 0] = qkv.shape;
  const size = width / 3 / heads;
  const items = batch * heads;
  const from = backend.offset(qkv);
  const [y, weights] = [
    backend.output([batch, tokens, width / 3]),
    backend.output([items, tokens, tokens]),
  ];
  const args = [from, backend.offset(weights), backend.offset(y), tokens, heads, size];
  const work = (tokens * tokens * size) / 4 + 8 * tokens * tokens;
  runItems(backend.engine, KERNEL.attention, items, work, [...args, bits(1 / Math.sqrt(size))]);
  return [y, weights];
}

function attentionGradient(call: Call): TensorInfo[] {
  const { backend } = call;
  const { engine } = backend;
  const [qkv, dy, weights] = [input(call, 'qkv'), input(call, 'dy'), input(call, 'residual0')];
  const heads = Number(call.attrs.heads);
  const [batch = 0, tokens = 0, width = 0] = qkv.shape;
  const size = width / 3 / heads;
  const items = batch * heads;
  const from = [qkv, weights, dy].map((t) => backend.offset(t));
  const dQkv = backend.output(qkv.shape);
  const each = Math.max(1, Math.ceil(items / 32));
  withRoom(engine, 4 * tokens * tokens * Math.ceil(items / each), (room) => {
    const args = [...from, backend.offset(dQkv), room, tokens, heads, size];
    const light = items * tokens * tokens * size < 30_000;
    engine.run(KERNEL.attentionGradient, items, each, [...args, bits(1 / Math.sqrt(size))], light);
  });
  return [dQkv];
}

/** Rows of `x` [B, K, D] by a column of row numbers; those past the end take `fill`. */
function tokens(
  call: Call,
  x: TensorInfo,
  index: TensorInfo,
  shape: number[],
  fill?: TensorInfo,
): TensorInfo {
  const { backend } = call;
  const n = lastOf(x);
  const [from, at] = [backend.offset(x), backend.offset(index)];
  const other = fill ? backend.offset(fill) : 0;
  const y = backend.output(shape);
  const rows = sizeOf(shape) / Math.max(1, n);
  const cut = { rows, outer: 1, size: rowsOf(x), count: rows, n };
  if (rows * n > 0) copyRows(backend, from, at, backend.offset(y), cut, other);
  return y;
}

const countOf = (call: Call): number => Number(call.attrs.count);

function tokenShape(call: Call): number[] {
  const { shape } = input(call, 'x');
  return [shape[0] ?? 0, countOf(call), shape[2] ?? 0];
}

function scatterGradient(call: Call): TensorInfo[] {
  const { backend } = call;
  const [dy, x, fill, filled] = ['dy', 'x', 'fill', 'filled'].map((name) => input(call, name)) as [
    TensorInfo,
    TensorInfo,
    TensorInfo,
    TensorInfo,
  ];
  const dx = tokens(call, dy, input(call, 'back'), x.shape);
  const [a, b] = [backend.offset(filled), backend.offset(dy)];
  const dFill = backend.output(fill.shape);
  const [k, n] = [rowsOf(dy), lastOf(dy)];
  multiply(backend, { ta: false, tb: false, m: 1, n, k, a, b, c: backend.offset(dFill) });
  return [dx, dFill];
}

function adamw(call: Call): TensorInfo[] {
  const { backend, attrs } = call;
  const number = (name: string): number => Number(attrs[name]);
  const [b1, b2, step] = [number('b1'), number('b2'), number('step')];
  const rate = number('learningRate');
  const { shape } = input(call, 'parameter');
  const from = ['parameter', 'gradient', 'm', 'v'].map((name) => backend.offset(input(call, name)));
  const out = [backend.output(shape), backend.output(shape), backend.output(shape)];
  const numbers = [
    ...[b1, b2, 1 - b1, 1 - b2, rate / (1 - b1 ** step), number('epsilon')],
    ...[1 - rate * number('weightDecay'), 1 / Math.sqrt(1 - b2 ** step)],
  ];
  const args = [...from, ...out.map((t) => backend.offset(t)), ...numbers.map(bits)];
  runItems(backend.engine, KERNEL.adamw, sizeOf(shape), 4, args, 4);
  return out;
}

function squaredNorm(call: Call): TensorInfo {
  const { backend } = call;
  const tensors = Object.values(call.inputs);
  const parts = backend.output([tensors.length]);
  tensors.forEach((t, i) => {
    sumOfSquares(backend, t, backend.offset(parts) + 4 * i);
  });
  const y = backend.output([]);
  const args = [0, backend.offset(parts), backend.offset(y), tensors.length, bits(1)];
  backend.engine.run(KERNEL.reduceRows, 1, 1, args, true);
  backend.disposeIntermediateTensorInfo(parts);
  return y;
}

/** Registers the fused kernels. */
export function registerFused(): void {
  define('twocan.linear', (call) => linear(call, false));
  define('twocan.linear.gradient', (call) => linearGradient(call, true, true));
  define('twocan.linearNoBias', (call) => linear(call, false));
  define('twocan.linearNoBias.gradient', (call) => linearGradient(call, true, false));
  define('twocan.linearOnData', (call) => linear(call, false));
  define('twocan.linearOnData.gradient', (call) => linearGradient(call, false, true));
  define('twocan.linearGelu', (call) => linear(call, true));
  define('twocan.linearGelu.gradient', linearGeluGradient);
  define('twocan.gelu', gelu);
  define('twocan.gelu.gradient', (call) => [
    binary(
      call.backend,
      'Multiply',
      input(call, 'dy'),
      input(call, 'residual0'),
      'float32',
    ) as TensorInfo,
  ]);
  define('twocan.layerNorm', layerNorm);
  define('twocan.layerNorm.gradient', layerNormGradient);
  define('twocan.attention', attention);
  define('twocan.attention.gradient', attentionGradient);
  define('twocan.gatherTokens', (call) => [
    tokens(call, input(call, 'x'), input(call, 'index'), tokenShape(call)),
  ]);
  define('twocan.gatherTokens.gradient', (call) => [
    tokens(call, input(call, 'dy'), input(call, 'back'), input(call, 'x').shape),
  ]);
  define('twocan.scatterTokens', (call) => [
    tokens(call, input(call, 'x'), input(call, 'index'), tokenShape(call), input(call, 'fill')),
  ]);
  define('twocan.scatterTokens.gradient', scatterGradient);
  define('twocan.adamwUpdate', adamw);
  define('twocan.squaredNorm', squaredNorm);
}
