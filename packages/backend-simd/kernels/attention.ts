// Multi-head self-attention of a packed projection `[B, N, 3D]`, one head of one image at a time: queries,
// keys and values are read in place, as matrices whose rows lie 3D apart. Nothing is transposed or copied.

import { GEMM_SCRATCH, gemm } from './gemm';
import { softmaxGradientRows, softmaxRows } from './rows';

/** Weights `[N, N]` of one head are kept for the gradient; `out` is `[B, N, D]`. */
export function attentionHead(
  qkv: usize,
  weights: usize,
  out: usize,
  n: usize,
  heads: usize,
  size: usize,
  scale: f32,
  head: usize,
  scratch: usize,
): void {
  const image = head / heads;
  const width = heads * size;
  const stride: usize = 3 * width;
  const q = qkv + ((image * n * stride + (head % heads) * size) << 2);
  const k = q + (width << 2);
  const v = k + (width << 2);
  const p = weights + ((head * n * n) << 2);
  gemm(false, true, n, n, size, q, stride, k, stride, p, n, scratch);
  softmaxRows(p, p, n, scale, 0, n);
  const o = out + ((image * n * width + (head % heads) * size) << 2);
  gemm(false, false, n, size, n, p, n, v, stride, o, width, scratch);
}

/** Bytes of scratch of the gradient: a product's, and one head's `[N, N]`. */
export function attentionScratch(n: usize): usize {
  return ((GEMM_SCRATCH + 63) & ~63) + ((n * n) << 2);
}

/** The gradient of one head, into its places of `dqkv` `[B, N, 3D]`. */
export function attentionHeadGradient(
  qkv: usize,
  weights: usize,
  dOut: usize,
  dqkv: usize,
  n: usize,
  heads: usize,
  size: usize,
  scale: f32,
  head: usize,
  scratch: usize,
): void {
  const image = head / heads;
  const width = heads * size;
  const stride: usize = 3 * width;
  const offset = (image * n * stride + (head % heads) * size) << 2;
  const q = qkv + offset;
  const k = q + (width << 2);
  const v = k + (width << 2);
  const dq = dqkv + offset;
  const dk = dq + (width << 2);
  const dv = dk + (width << 2);
  const p = weights + ((head * n * n) << 2);
  const d = dOut + ((image * n * width + (head % heads) * size) << 2);
  const ds = scratch + ((GEMM_SCRATCH + 63) & ~63);
  gemm(true, false, n, size, n, p, n, d, width, dv, stride, scratch);
  gemm(false, true, n, n, size, d, width, v, stride, ds, n, scratch);
  softmaxGradientRows(p, ds, ds, n, scale, 0, n);
  gemm(false, false, n, size, n, ds, n, k, stride, dq, stride, scratch);
  gemm(true, false, n, size, n, ds, n, q, stride, dk, stride, scratch);
}
