import { matMul, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import type { Kernels } from '../kernels.ts';
import { dispatch, elementwise, rowwise } from './program.ts';

// Every head of every image is a matrix [tokens, size]; `group` counts them, heads first.
const SPLIT = elementwise(`
  let s = index % uniforms.width;
  let t = (index / uniforms.width) % uniforms.tokens;
  let group = index / (uniforms.width * uniforms.tokens);
  let b = group % uniforms.batch;
  let column = uniforms.first + group / uniforms.batch;
  return x[((b * uniforms.tokens + t) * uniforms.columns + column) * uniforms.width + s];`);

const merged = (pick: string): string =>
  elementwise(`
  let s = index % uniforms.width;
  let column = (index / uniforms.width) % uniforms.columns;
  let t = (index / (uniforms.width * uniforms.columns)) % uniforms.tokens;
  let b = index / (uniforms.width * uniforms.columns * uniforms.tokens);
  let head = column % uniforms.heads;
  let part = column / uniforms.heads;
  let at = ((head * uniforms.batch + b) * uniforms.tokens + t) * uniforms.width + s;
  ${pick}`);
const MERGE_ONE = merged('return x[at];');
const MERGE_THREE = merged(
  'if (part == 0) { return q[at]; } if (part == 1) { return k[at]; } return v[at];',
);

// exp(NaN) may be a number: WGSL leaves it open.
const SOFTMAX = rowwise(`
  let start = row * uniforms.width;
  var most = -3.4e38;
  for (var i = lane; i < uniforms.width; i = i + 64) { most = max(most, x[start + i]); }
  let top = greatest(lane, most);
  var sum = 0.0;
  for (var i = lane; i < uniforms.width; i = i + 64) {
    let value = x[start + i];
    let e = select(exp((value - top) * uniforms.factor), value, isnan(value));
    result[start + i] = e;
    sum = sum + e;
  }
  let whole = total(lane, sum);
  for (var i = lane; i < uniforms.width; i = i + 64) {
    result[start + i] = result[start + i] / whole;
  }`);

const SOFTMAX_GRADIENT = rowwise(`
  let start = row * uniforms.width;
  var sum = 0.0;
  for (var i = lane; i < uniforms.width; i = i + 64) { sum = sum + dy[start + i] * w[start + i]; }
  let along = total(lane, sum);
  for (var i = lane; i < uniforms.width; i = i + 64) {
    result[start + i] = (dy[start + i] - along) * w[start + i] * uniforms.factor;
  }`);

/** The softmax of the rows of `factor · x`. */
export function softmaxRows(x: Tensor, factor: number): Tensor {
  const width = x.shape.at(-1) ?? 1;
  const rows = x.size / width;
  return dispatch({
    name: 'softmax',
    inputs: { x },
    shape: x.shape,
    sizes: { rows, width },
    numbers: { factor },
    rows,
    code: SOFTMAX,
  });
}

/** Part `part` of the columns of `[B, N, parts·D]` as `[H·B, N, D/H]`. */
function split(x: Tensor, parts: number, part: number, heads: number): Tensor3D {
  const [batch = 0, tokens = 0, columns = 0] = x.shape;
  const width = columns / parts / heads;
  return dispatch({
    name: 'heads.split',
    inputs: { x },
    shape: [heads * batch, tokens, width],
    sizes: { width, tokens, batch, columns: parts * heads, first: part * heads },
    code: SPLIT,
  }) as Tensor3D;
}

/** One or three `[H·B, N, D/H]` as `[B, N, parts·D]`. */
function merge(parts: readonly Tensor[], heads: number): Tensor {
  const [x, k, v] = parts as readonly [Tensor, Tensor | undefined, Tensor | undefined];
  const [groups = 0, tokens = 0, width = 0] = x.shape;
  const [batch, columns] = [groups / heads, parts.length * heads];
  const whole = k !== undefined && v !== undefined;
  return dispatch({
    name: whole ? 'heads.mergeThree' : 'heads.merge',
    inputs: whole ? { q: x, k, v } : { x },
    shape: [batch, tokens, columns * width],
    sizes: { width, tokens, batch, columns, heads },
    code: whole ? MERGE_THREE : MERGE_ONE,
  });
}

/** Attention: it keeps queries, keys, values and weights. */
export const attentionKernels: Kernels = {
  'twocan.attention': ({ qkv }, attributes) => {
    const heads = attributes.heads as number;
    const [q, k, v] = [0, 1, 2].map((part) => split(qkv, 3, part, heads)) as [
      Tensor3D,
      Tensor3D,
      Tensor3D,
    ];
    const weights = softmaxRows(matMul(q, k, false, true), 1 / Math.sqrt(q.shape[2]));
    return [merge([matMul(weights as Tensor3D, v)], heads), q, k, v, weights];
  },
  'twocan.attention.gradient': (tensors, attributes) => {
    const heads = attributes.heads as number;
    const { residual0: q, residual1: k, residual2: v, residual3: w } = tensors;
    const d = split(tensors.dy, 1, 0, heads);
    const rows = w.size / (w.shape.at(-1) ?? 1);
    const scores = dispatch({
      name: 'softmax.gradient',
      inputs: { dy: matMul(d, v as Tensor3D, false, true), w },
      shape: w.shape,
      sizes: { rows, width: w.shape.at(-1) ?? 1 },
      numbers: { factor: 1 / Math.sqrt(q.shape[2] ?? 1) },
      rows,
      code: SOFTMAX_GRADIENT,
    }) as Tensor3D;
    const dq = matMul(scores, k as Tensor3D);
    const dk = matMul(scores, q as Tensor3D, true, false);
    const dv = matMul(w as Tensor3D, d, true, false);
    return [merge([dq, dk, dv], heads)];
  },
};
