// Sums, maxima and minima. The cut into tasks that add up partial results follows from the shape
// alone, never from the number of threads.
import { fma, loadPart, maxLanes, minLanes, splat, storePart, sumLanes } from './lanes';

// op: 0 sum, 1 maximum, 2 minimum, 3 sum of squares
// @ts-ignore: decorator
@inline
function neutral(op: i32): f32 {
  return op == 1 ? -Infinity : op == 2 ? Infinity : 0;
}

// @ts-ignore: decorator
@inline
function join(op: i32, s: v128, x: v128): v128 {
  if (op == 1) return f32x4.max(s, x);
  if (op == 2) return f32x4.min(s, x);
  if (op == 3) return fma(s, x, x);
  return f32x4.add(s, x);
}

// @ts-ignore: decorator
@inline
function lanes(op: i32, s: v128): f32 {
  return op == 1 ? maxLanes(s) : op == 2 ? minLanes(s) : sumLanes(s);
}

// Partial sums of squares are joined by adding.
// @ts-ignore: decorator
@inline
function both(op: i32, s: v128, t: v128): v128 {
  return op == 3 ? f32x4.add(s, t) : join(op, s, t);
}

// @ts-ignore: decorator
@inline
function reduceRun(op: i32, x: usize, n: usize): f32 {
  const start = splat(neutral(op));
  let s = start, t = start, u = start, w = start;
  for (; n >= 16; n -= 16) {
    s = join(op, s, v128.load(x));
    t = join(op, t, v128.load(x, 16));
    u = join(op, u, v128.load(x, 32));
    w = join(op, w, v128.load(x, 48));
    x += 64;
  }
  for (; n >= 4; n -= 4) {
    s = join(op, s, v128.load(x));
    x += 16;
  }
  if (n) t = join(op, t, loadPart(x, n, neutral(op)));
  return lanes(op, both(op, both(op, s, t), both(op, u, w)));
}

function run(op: i32, x: usize, n: usize): f32 {
  if (op == 0) return reduceRun(0, x, n);
  if (op == 1) return reduceRun(1, x, n);
  if (op == 2) return reduceRun(2, x, n);
  return reduceRun(3, x, n);
}

/** y[r] = factor · reduce(x[r, 0..n)) */
export function reduceRows(
  op: i32, x: usize, y: usize, n: usize, factor: f32, first: usize, last: usize,
): void {
  for (let r = first; r < last; ++r) {
    store<f32>(y + (r << 2), factor * run(op, x + ((r * n) << 2), n));
  }
}

/** Item i reduces the i-th run of `length` of the n floats of x. */
export function reduceRuns(
  op: i32, x: usize, y: usize, n: usize, length: usize, first: usize, last: usize,
): void {
  for (let i = first; i < last; ++i) {
    store<f32>(y + (i << 2), run(op, x + ((i * length) << 2), min(length, n - i * length)));
  }
}

// @ts-ignore: decorator
@inline
function columns(op: i32, x: usize, y: usize, rows: usize, n: usize, factor: f32): void {
  const f = splat(factor), start = splat(neutral(op)), step = n << 2;
  let c: usize = 0;
  for (; c + 16 <= n; c += 16) {
    let s = start, t = start, u = start, w = start, p = x + (c << 2);
    for (let r = rows; r > 0; --r) {
      s = join(op, s, v128.load(p));
      t = join(op, t, v128.load(p, 16));
      u = join(op, u, v128.load(p, 32));
      w = join(op, w, v128.load(p, 48));
      p += step;
    }
    const q = y + (c << 2);
    v128.store(q, f32x4.mul(f, s));
    v128.store(q, f32x4.mul(f, t), 16);
    v128.store(q, f32x4.mul(f, u), 32);
    v128.store(q, f32x4.mul(f, w), 48);
  }
  for (; c < n; c += 4) {
    const w = min<usize>(4, n - c);
    let s = start, p = x + (c << 2);
    for (let r = rows; r > 0; --r) {
      s = join(op, s, w == 4 ? v128.load(p) : loadPart(p, w, 0));
      p += step;
    }
    s = f32x4.mul(f, s);
    if (w == 4) v128.store(y + (c << 2), s);
    else storePart(y + (c << 2), s, w);
  }
}

/** y[o, c] = factor · reduce over r of x[o, r, c]; an item is one o. */
export function reduceColumns(
  op: i32, x: usize, y: usize, rows: usize, n: usize, factor: f32, first: usize, last: usize,
): void {
  for (let o = first; o < last; ++o) {
    const from = x + ((o * rows * n) << 2), to = y + ((o * n) << 2);
    if (op == 0) columns(0, from, to, rows, n, factor);
    else if (op == 1) columns(1, from, to, rows, n, factor);
    else columns(2, from, to, rows, n, factor);
  }
}

/** Item i reduces the i-th block of `height` of the rows of x [rows, n] to y[i, 0..n). */
export function reduceBlocks(
  op: i32, x: usize, y: usize, rows: usize, n: usize, height: usize, first: usize, last: usize,
): void {
  for (let i = first; i < last; ++i) {
    const from = x + ((i * height * n) << 2), to = y + ((i * n) << 2);
    const h = min(height, rows - i * height);
    if (op == 0) columns(0, from, to, h, n, 1);
    else if (op == 1) columns(1, from, to, h, n, 1);
    else columns(2, from, to, h, n, 1);
  }
}
