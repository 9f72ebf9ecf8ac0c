// Reductions of [outer, reduced, inner] to [outer, inner]. The order of a sum depends on the shape alone.

import { lanesMax, lanesSum, loadPart, splat } from './vector';

// 0 sum, 1 largest, 2 smallest.
// @ts-expect-error: decorator
@inline
function join(code: i32, a: v128, b: v128): v128 {
  if (code == 0) return f32x4.add(a, b);
  if (code == 1) return f32x4.max(a, b);
  return f32x4.min(a, b);
}

// @ts-expect-error: decorator
@inline
function start(code: i32): f32 {
  if (code == 0) return 0;
  return code == 1 ? -Infinity : Infinity;
}

// @ts-expect-error: decorator
@inline
function lanes(code: i32, v: v128): f32 {
  if (code == 0) return lanesSum(v);
  if (code == 1) return lanesMax(v);
  return -lanesMax(f32x4.neg(v));
}

// @ts-expect-error: decorator
@inline
function row(code: i32, x: usize, n: usize): f32 {
  let s0 = splat(start(code));
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; n >= 16; n -= 16) {
    s0 = join(code, s0, v128.load(x));
    s1 = join(code, s1, v128.load(x, 16));
    s2 = join(code, s2, v128.load(x, 32));
    s3 = join(code, s3, v128.load(x, 48));
    x += 64;
  }
  for (; n >= 4; n -= 4) {
    s0 = join(code, s0, v128.load(x));
    x += 16;
  }
  if (n > 0) s1 = join(code, s1, loadPart(x, n, start(code)));
  return lanes(code, join(code, join(code, s0, s1), join(code, s2, s3)));
}

/** Rows `from` to `to` of `[outer, reduced]`, each to one number times `scale`. */
export function reduceRows(
  code: i32,
  x: usize,
  y: usize,
  reduced: usize,
  scale: f32,
  from: usize,
  to: usize,
): void {
  for (let r = from; r < to; ++r) {
    const at = x + ((r * reduced) << 2);
    let value: f32;
    if (code == 0) value = row(0, at, reduced) * scale;
    else value = code == 1 ? row(1, at, reduced) : row(2, at, reduced);
    store<f32>(y + (r << 2), value);
  }
}

// @ts-expect-error: decorator
@inline
function columns(
  code: i32,
  x: usize,
  y: usize,
  rows: usize,
  inner: usize,
  scale: f32,
): void {
  const stride = inner << 2;
  let c: usize = 0;
  // Blocks of 16 columns stay in registers.
  for (; c + 16 <= inner; c += 16) {
    let s0 = splat(start(code));
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let at = x + (c << 2);
    for (let r = rows; r > 0; --r) {
      s0 = join(code, s0, v128.load(at));
      s1 = join(code, s1, v128.load(at, 16));
      s2 = join(code, s2, v128.load(at, 32));
      s3 = join(code, s3, v128.load(at, 48));
      at += stride;
    }
    const to = y + (c << 2);
    const v = splat(scale);
    v128.store(to, f32x4.mul(s0, v));
    v128.store(to, f32x4.mul(s1, v), 16);
    v128.store(to, f32x4.mul(s2, v), 32);
    v128.store(to, f32x4.mul(s3, v), 48);
  }
  for (; c < inner; ++c) {
    let s = start(code);
    let at = x + (c << 2);
    for (let r = rows; r > 0; --r) {
      const value = load<f32>(at);
      if (code == 0) s += value;
      else if (code == 1) s = max(s, value);
      else s = min(s, value);
      at += stride;
    }
    store<f32>(y + (c << 2), s * scale);
  }
}

/** Blocks `from` to `to` of `[outer, reduced, inner]`, each to `[inner]`, times `scale`. */
export function reduceColumns(
  code: i32,
  x: usize,
  y: usize,
  reduced: usize,
  inner: usize,
  scale: f32,
  from: usize,
  to: usize,
): void {
  for (let o = from; o < to; ++o) {
    const at = x + ((o * reduced * inner) << 2);
    const result = y + ((o * inner) << 2);
    if (code == 0) columns(0, at, result, reduced, inner, scale);
    else if (code == 1) columns(1, at, result, reduced, inner, scale);
    else columns(2, at, result, reduced, inner, scale);
  }
}

/** Σ x² of n floats. */
export function sumOfSquares(x: usize, n: usize): f32 {
  let s0 = splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    s0 = f32x4.add(s0, f32x4.mul(a, a));
    s1 = f32x4.add(s1, f32x4.mul(b, b));
    x += 32;
  }
  for (; n >= 4; n -= 4) {
    const a = v128.load(x);
    s0 = f32x4.add(s0, f32x4.mul(a, a));
    x += 16;
  }
  if (n > 0) {
    const a = loadPart(x, n, 0);
    s1 = f32x4.add(s1, f32x4.mul(a, a));
  }
  return lanesSum(f32x4.add(s0, s1));
}
