// Multi-head attention on a packed projection [B, N, 3D]: each head is a strided view, nothing is
// transposed or copied. One item is one head of one image. The weights are kept for the way back.
import { gemm } from './gemm';
import { softmaxGradientRows, softmaxRows } from './rows';

export function attentionForward(
  qkv: usize, weights: usize, out: usize, N: usize, H: usize, size: usize, scale: f32,
  first: usize, last: usize, scratch: usize,
): void {
  const D = H * size, ld = 3 * D;
  for (let i = first; i < last; ++i) {
    const b = i / H, h = i % H;
    const q = qkv + ((b * N * ld + h * size) << 2), k = q + (D << 2), v = k + (D << 2);
    const p = weights + ((i * N * N) << 2);
    gemm(0, 1, N, N, size, q, ld, k, ld, p, N, 0, 0, scratch);
    softmaxRows(p, p, 0, N, N, scale);
    gemm(0, 0, N, size, N, p, N, v, ld, out + ((b * N * D + h * size) << 2), D, 0, 0, scratch);
  }
}

/** `slope` is room for N·N floats. */
export function attentionBackward(
  qkv: usize, weights: usize, dOut: usize, dQkv: usize, slope: usize, N: usize, H: usize,
  size: usize, scale: f32, first: usize, last: usize, scratch: usize,
): void {
  const D = H * size, ld = 3 * D;
  for (let i = first; i < last; ++i) {
    const b = i / H, h = i % H;
    const at = (b * N * ld + h * size) << 2;
    const q = qkv + at, k = q + (D << 2), v = k + (D << 2);
    const dq = dQkv + at, dk = dq + (D << 2), dv = dk + (D << 2);
    const p = weights + ((i * N * N) << 2);
    const d = dOut + ((b * N * D + h * size) << 2);
    gemm(0, 1, N, N, size, d, D, v, ld, slope, N, 0, 0, scratch);
    gemm(1, 0, N, size, N, p, N, d, D, dv, ld, 0, 0, scratch);
    softmaxGradientRows(p, slope, slope, 0, N, N, scale);
    gemm(0, 0, N, size, N, slope, N, k, ld, dq, ld, 0, 0, scratch);
    gemm(1, 0, N, size, N, slope, N, q, ld, dk, ld, 0, 0, scratch);
  }
}
