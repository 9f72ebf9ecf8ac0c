// Batch normalisation of columns `from` to `to` of [rows, width], forward and backward: row after row, with
// the sums of all these columns in the first cache. The order of a sum depends on the shape alone.

import { fma, getUpTo, putUpTo, splat } from './vector';

/** y = (x - mean)·inverse·scale + bias; `kept` `[2, width]` gets the means and inverse deviations. */
export function batchNormColumns(
  x: usize,
  scale: usize,
  bias: usize,
  y: usize,
  kept: usize,
  rows: usize,
  width: usize,
  epsilon: f32,
  from: usize,
  to: usize,
): void {
  const n = to - from;
  const stride = width << 2;
  const first = from << 2;
  const mean = kept + first;
  const inverse = mean + stride;
  const share = splat(1 / <f32>rows);
  x += first;
  y += first;
  scale += first;
  bias += first;
  memory.fill(mean, 0, n << 2);
  memory.fill(inverse, 0, n << 2);
  for (let r: usize = 0; r < rows; ++r) {
    const row = x + r * stride;
    for (let c: usize = 0; c < n; c += 4) {
      putUpTo(mean, c, n, f32x4.add(getUpTo(mean, c, n), getUpTo(row, c, n)));
    }
  }
  for (let c: usize = 0; c < n; c += 4) {
    putUpTo(mean, c, n, f32x4.mul(getUpTo(mean, c, n), share));
  }
  for (let r: usize = 0; r < rows; ++r) {
    const row = x + r * stride;
    for (let c: usize = 0; c < n; c += 4) {
      const d = f32x4.sub(getUpTo(row, c, n), getUpTo(mean, c, n));
      putUpTo(inverse, c, n, fma(d, d, getUpTo(inverse, c, n)));
    }
  }
  for (let c: usize = 0; c < n; c += 4) {
    const variance = f32x4.mul(getUpTo(inverse, c, n), share);
    putUpTo(inverse, c, n, f32x4.div(splat(1), f32x4.sqrt(f32x4.add(variance, splat(epsilon)))));
  }
  for (let r: usize = 0; r < rows; ++r) {
    const row = x + r * stride;
    for (let c: usize = 0; c < n; c += 4) {
      const d = f32x4.sub(getUpTo(row, c, n), getUpTo(mean, c, n));
      const h = f32x4.mul(d, getUpTo(inverse, c, n));
      putUpTo(y + r * stride, c, n, fma(h, getUpTo(scale, c, n), getUpTo(bias, c, n)));
    }
  }
}

/** Gradients of {@link batchNormColumns}: dx, and those of scale and bias, `[width]` each. */
export function batchNormGradientColumns(
  x: usize,
  scale: usize,
  dy: usize,
  dx: usize,
  kept: usize,
  dScale: usize,
  dBias: usize,
  rows: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const n = to - from;
  const stride = width << 2;
  const first = from << 2;
  const mean = kept + first;
  const inverse = mean + stride;
  const share = splat(1 / <f32>rows);
  x += first;
  dy += first;
  dx += first;
  scale += first;
  dScale += first;
  dBias += first;
  memory.fill(dScale, 0, n << 2);
  memory.fill(dBias, 0, n << 2);
  for (let r: usize = 0; r < rows; ++r) {
    const row = r * stride;
    for (let c: usize = 0; c < n; c += 4) {
      const d = getUpTo(dy + row, c, n);
      const centred = f32x4.sub(getUpTo(x + row, c, n), getUpTo(mean, c, n));
      const h = f32x4.mul(centred, getUpTo(inverse, c, n));
      putUpTo(dScale, c, n, fma(d, h, getUpTo(dScale, c, n)));
      putUpTo(dBias, c, n, f32x4.add(getUpTo(dBias, c, n), d));
    }
  }
  for (let r: usize = 0; r < rows; ++r) {
    const row = r * stride;
    for (let c: usize = 0; c < n; c += 4) {
      const i = getUpTo(inverse, c, n);
      const h = f32x4.mul(f32x4.sub(getUpTo(x + row, c, n), getUpTo(mean, c, n)), i);
      const along = f32x4.mul(h, f32x4.mul(getUpTo(dScale, c, n), share));
      const level = f32x4.mul(getUpTo(dBias, c, n), share);
      const d = f32x4.sub(f32x4.sub(getUpTo(dy + row, c, n), level), along);
      putUpTo(dx + row, c, n, f32x4.mul(d, f32x4.mul(i, getUpTo(scale, c, n))));
    }
  }
}
