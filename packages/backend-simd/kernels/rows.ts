// Row by row: softmax and layer normalisation, forward and backward.

import {
  expClamped,
  fma,
  getUpTo,
  lanesMax,
  lanesSum,
  loadPart,
  putUpTo,
  splat,
  storePart,
} from './vector';

/** Softmax of scale·x over rows of `n`; y may be x. */
export function softmaxRows(
  x: usize,
  y: usize,
  n: usize,
  scale: f32,
  from: usize,
  to: usize,
): void {
  const whole = n & ~3;
  const rest = n & 3;
  const vs = splat(scale);
  x += (from * n) << 2;
  y += (from * n) << 2;
  for (let r = from; r < to; ++r) {
    let largest = splat(-Infinity);
    let c: usize = 0;
    for (; c < whole; c += 4) largest = f32x4.max(largest, v128.load(x + (c << 2)));
    if (rest) largest = f32x4.max(largest, loadPart(x + (c << 2), rest, -Infinity));
    const m = splat(lanesMax(largest));
    let sums = splat(0);
    for (c = 0; c < whole; c += 4) {
      const e = expClamped(f32x4.mul(f32x4.sub(v128.load(x + (c << 2)), m), vs));
      sums = f32x4.add(sums, e);
      v128.store(y + (c << 2), e);
    }
    let sum = lanesSum(sums);
    if (rest) {
      const e = expClamped(f32x4.mul(f32x4.sub(loadPart(x + (c << 2), rest, 0), m), vs));
      storePart(y + (c << 2), e, rest);
      for (let j: usize = 0; j < rest; ++j) sum += load<f32>(y + ((c + j) << 2));
    }
    const share: f32 = 1 / sum;
    const vi = splat(share);
    for (c = 0; c < whole; c += 4) {
      v128.store(y + (c << 2), f32x4.mul(v128.load(y + (c << 2)), vi));
    }
    for (; c < n; ++c) store<f32>(y + (c << 2), load<f32>(y + (c << 2)) * share);
    x += n << 2;
    y += n << 2;
  }
}

/** dx = scale·y·(dy - Σ y·dy) over rows of `n`; dx may be dy. */
export function softmaxGradientRows(
  y: usize,
  dy: usize,
  dx: usize,
  n: usize,
  scale: f32,
  from: usize,
  to: usize,
): void {
  const whole = n & ~3;
  const offset = (from * n) << 2;
  const vs = splat(scale);
  y += offset;
  dy += offset;
  dx += offset;
  for (let r = from; r < to; ++r) {
    let sums = splat(0);
    let c: usize = 0;
    for (; c < whole; c += 4) sums = fma(v128.load(y + (c << 2)), v128.load(dy + (c << 2)), sums);
    let along = lanesSum(sums);
    for (; c < n; ++c) along += load<f32>(y + (c << 2)) * load<f32>(dy + (c << 2));
    const va = splat(along);
    for (c = 0; c < whole; c += 4) {
      const at = c << 2;
      const inner = f32x4.sub(v128.load(dy + at), va);
      v128.store(dx + at, f32x4.mul(vs, f32x4.mul(v128.load(y + at), inner)));
    }
    for (; c < n; ++c) {
      const at = c << 2;
      store<f32>(dx + at, scale * load<f32>(y + at) * (load<f32>(dy + at) - along));
    }
    y += n << 2;
    dy += n << 2;
    dx += n << 2;
  }
}

/** y = (x - mean)·inverse·scale + bias over rows of n; mean and inverse deviation are kept, two a row. */
export function layerNormRows(
  x: usize,
  scale: usize,
  bias: usize,
  y: usize,
  kept: usize,
  n: usize,
  epsilon: f32,
  from: usize,
  to: usize,
): void {
  const share: f32 = 1 / <f32>n;
  x += (from * n) << 2;
  y += (from * n) << 2;
  for (let r = from; r < to; ++r) {
    let s = splat(0);
    for (let c: usize = 0; c < n; c += 4) s = f32x4.add(s, getUpTo(x, c, n));
    const mean = lanesSum(s) * share;
    const vm = splat(mean);
    let q = splat(0);
    let c: usize = 0;
    for (; c + 4 <= n; c += 4) {
      const d = f32x4.sub(v128.load(x + (c << 2)), vm);
      q = fma(d, d, q);
    }
    let total = lanesSum(q);
    for (; c < n; ++c) {
      const d = load<f32>(x + (c << 2)) - mean;
      total += d * d;
    }
    const inverse: f32 = 1 / sqrt<f32>(total * share + epsilon);
    const vi = splat(inverse);
    store<f32>(kept + (r << 3), mean);
    store<f32>(kept + (r << 3), inverse, 4);
    for (c = 0; c < n; c += 4) {
      const centred = f32x4.mul(f32x4.sub(getUpTo(x, c, n), vm), vi);
      putUpTo(y, c, n, fma(centred, getUpTo(scale, c, n), getUpTo(bias, c, n)));
    }
    x += n << 2;
    y += n << 2;
  }
}

/** Gradients of {@link layerNormRows}; those of scale and bias are this part's sums, `[n]` each. */
export function layerNormGradientRows(
  x: usize,
  scale: usize,
  dy: usize,
  dx: usize,
  kept: usize,
  dScale: usize,
  dBias: usize,
  n: usize,
  from: usize,
  to: usize,
): void {
  const share: f32 = 1 / <f32>n;
  const offset = (from * n) << 2;
  memory.fill(dScale, 0, n << 2);
  memory.fill(dBias, 0, n << 2);
  x += offset;
  dy += offset;
  dx += offset;
  for (let r = from; r < to; ++r) {
    const vm = splat(load<f32>(kept + (r << 3)));
    const vi = splat(load<f32>(kept + (r << 3), 4));
    let s = splat(0);
    let t = splat(0);
    for (let c: usize = 0; c < n; c += 4) {
      const d = getUpTo(dy, c, n);
      // Lanes beyond the row are 0 in d, so they add nothing.
      const h = f32x4.mul(f32x4.sub(getUpTo(x, c, n), vm), vi);
      const g = f32x4.mul(d, getUpTo(scale, c, n));
      s = f32x4.add(s, g);
      t = fma(g, h, t);
      putUpTo(dScale, c, n, fma(d, h, getUpTo(dScale, c, n)));
      putUpTo(dBias, c, n, f32x4.add(getUpTo(dBias, c, n), d));
    }
    const va = splat(lanesSum(s) * share);
    const vt = splat(lanesSum(t) * share);
    for (let c: usize = 0; c < n; c += 4) {
      const h = f32x4.mul(f32x4.sub(getUpTo(x, c, n), vm), vi);
      const g = f32x4.mul(getUpTo(dy, c, n), getUpTo(scale, c, n));
      putUpTo(dx, c, n, f32x4.mul(vi, f32x4.sub(f32x4.sub(g, va), f32x4.mul(h, vt))));
    }
    x += n << 2;
    dy += n << 2;
    dx += n << 2;
  }
}
