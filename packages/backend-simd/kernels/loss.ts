// The ends of the losses: cross-entropy with gradient, squared error by patch, rows of length 1.

import {
  expClamped,
  fma,
  lanesMax,
  lanesSum,
  loadPart,
  log,
  splat,
  storePart,
} from './vector';

// @ts-expect-error: decorator
@inline
function get(at: usize, c: usize, n: usize, fill: f32): v128 {
  return c + 4 <= n ? v128.load(at + (c << 2)) : loadPart(at + (c << 2), n - c, fill);
}

// @ts-expect-error: decorator
@inline
function put(at: usize, c: usize, n: usize, v: v128): void {
  if (c + 4 <= n) v128.store(at + (c << 2), v);
  else storePart(at + (c << 2), v, n - c);
}

/** Σ x·y of n floats. */
// @ts-expect-error: decorator
@inline
function dot(x: usize, y: usize, n: usize): f32 {
  let s = splat(0);
  for (let c: usize = 0; c < n; c += 4) s = fma(get(x, c, n, 0), get(y, c, n, 0), s);
  return lanesSum(s);
}

/**
 * Rows of softmax cross-entropy with targets `[m, n]`: the loss of each row, and softmax - target.
 */
export function crossEntropyRows(
  x: usize,
  target: usize,
  losses: usize,
  difference: usize,
  n: usize,
  from: usize,
  to: usize,
): void {
  const offset = (from * n) << 2;
  x += offset;
  target += offset;
  difference += offset;
  for (let r = from; r < to; ++r) {
    let largest = splat(-Infinity);
    for (let c: usize = 0; c < n; c += 4) largest = f32x4.max(largest, get(x, c, n, -Infinity));
    const m = lanesMax(largest);
    const vm = splat(m);
    let sum: f32 = 0;
    let sums = splat(0);
    let c: usize = 0;
    for (; c + 4 <= n; c += 4) {
      const e = expClamped(f32x4.sub(v128.load(x + (c << 2)), vm));
      sums = f32x4.add(sums, e);
      v128.store(difference + (c << 2), e);
    }
    if (c < n) {
      const e = expClamped(f32x4.sub(loadPart(x + (c << 2), n - c, 0), vm));
      storePart(difference + (c << 2), e, n - c);
      for (let j = c; j < n; ++j) sum += load<f32>(difference + (j << 2));
    }
    sum += lanesSum(sums);
    // log Σ e^(x - m) + m - x·target, for targets that sum to 1.
    const logTotal = f32x4.extract_lane(log(splat(sum)), 0);
    let right: f32 = 0;
    const share = splat(1 / sum);
    let picked = splat(0);
    for (c = 0; c < n; c += 4) {
      const t = get(target, c, n, 0);
      const shifted = f32x4.sub(f32x4.sub(get(x, c, n, 0), vm), splat(logTotal));
      picked = fma(t, shifted, picked);
      const p = f32x4.mul(get(difference, c, n, 0), share);
      put(difference, c, n, f32x4.sub(p, t));
    }
    right = lanesSum(picked);
    store<f32>(losses + (r << 2), -right);
    x += n << 2;
    target += n << 2;
    difference += n << 2;
  }
}

/** For rows of `[m, n]`: w·mean (p - t)² of each, and 2·w/n·(p - t). */
export function squaredErrorRows(
  prediction: usize,
  target: usize,
  weights: usize,
  losses: usize,
  gradient: usize,
  n: usize,
  from: usize,
  to: usize,
): void {
  const offset = (from * n) << 2;
  prediction += offset;
  target += offset;
  gradient += offset;
  const share: f32 = 1 / <f32>n;
  for (let r = from; r < to; ++r) {
    const w = load<f32>(weights + (r << 2)) * share;
    const factor = splat(2 * w);
    let s = splat(0);
    for (let c: usize = 0; c < n; c += 4) {
      const d = f32x4.sub(get(prediction, c, n, 0), get(target, c, n, 0));
      s = fma(d, d, s);
      put(gradient, c, n, f32x4.mul(d, factor));
    }
    store<f32>(losses + (r << 2), lanesSum(s) * w);
    prediction += n << 2;
    target += n << 2;
    gradient += n << 2;
  }
}

/** y = x / √(Σ x² + ε), and the inverse length of each row. */
export function unitRows(
  x: usize,
  y: usize,
  inverse: usize,
  n: usize,
  epsilon: f32,
  from: usize,
  to: usize,
): void {
  x += (from * n) << 2;
  y += (from * n) << 2;
  for (let r = from; r < to; ++r) {
    const total = dot(x, x, n);
    // Within these a row's largest magnitude is in range, and nothing need be looked at twice.
    const ordinary = total > 1.52587890625e-5 * <f32>n && total < 1e24;
    const factor: f32 = ordinary ? 1 : factorOf(largestOf(x, n));
    let scale: f32 = 0;
    if (factor == 1) {
      scale = 1 / sqrt<f32>(total + epsilon);
      for (let c: usize = 0; c < n; c += 4) put(y, c, n, f32x4.mul(get(x, c, n, 0), splat(scale)));
    } else {
      for (let c: usize = 0; c < n; c += 4) put(y, c, n, f32x4.mul(get(x, c, n, 0), splat(factor)));
      const length = sqrt<f32>(dot(y, y, n));
      for (let c: usize = 0; c < n; c += 4) put(y, c, n, f32x4.div(get(y, c, n, 0), splat(length)));
      scale = min<f32>(factor / length, 3.4e38);
    }
    store<f32>(inverse + (r << 2), scale);
    x += n << 2;
    y += n << 2;
  }
}

/** The largest magnitude of n floats. */
function largestOf(x: usize, n: usize): f32 {
  let most = splat(0);
  for (let c: usize = 0; c < n; c += 4) most = f32x4.max(most, f32x4.abs(get(x, c, n, 0)));
  return lanesMax(most);
}

/** What a row is multiplied with before it is squared, as in core's normalizeRows. */
function factorOf(largest: f32): f32 {
  if (largest > 1099511627776.0) return 8.077935669463161e-28; // above 2⁴⁰, 2⁻⁹⁰
  if (largest > 0.00390625 || largest == 0) return 1; // above 2⁻⁸
  return largest > 8.673617379884035e-19 ? 1073741824.0 : 1.2676506002282294e30; // above 2⁻⁶⁰, 2³⁰, 2¹⁰⁰
}

/** dx = (dy - y Σ dy·y)·inverse. */
export function unitGradientRows(
  y: usize,
  inverse: usize,
  dy: usize,
  dx: usize,
  n: usize,
  from: usize,
  to: usize,
): void {
  const offset = (from * n) << 2;
  y += offset;
  dy += offset;
  dx += offset;
  for (let r = from; r < to; ++r) {
    const along = splat(dot(dy, y, n));
    const scale = splat(load<f32>(inverse + (r << 2)));
    for (let c: usize = 0; c < n; c += 4) {
      const off = f32x4.sub(get(dy, c, n, 0), f32x4.mul(get(y, c, n, 0), along));
      put(dx, c, n, f32x4.mul(off, scale));
    }
    y += n << 2;
    dy += n << 2;
    dx += n << 2;
  }
}
