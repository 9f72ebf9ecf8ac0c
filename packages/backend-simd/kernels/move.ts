// Moves 4-byte numbers without looking at them.

import { storeTransposed } from './pack';

/** Copies n words; short runs without a call. */
// @ts-expect-error: decorator
@inline
function copyRun(from: usize, to: usize, n: usize): void {
  if (n >= 64) memory.copy(to, from, n << 2);
  else {
    for (; n >= 4; n -= 4) {
      v128.store(to, v128.load(from));
      from += 16;
      to += 16;
    }
    for (; n > 0; --n) {
      store<u32>(to, load<u32>(from));
      from += 4;
      to += 4;
    }
  }
}

/** Writes the same word n times. */
export function fillWords(word: i32, to: usize, n: usize): void {
  if (word == 0) {
    memory.fill(to, 0, n << 2);
    return;
  }
  const v = i32x4.splat(word);
  for (; n >= 4; n -= 4) {
    v128.store(to, v);
    to += 16;
  }
  for (; n > 0; --n) {
    store<i32>(to, word);
    to += 4;
  }
}

/**
 * Copies a block of `[d0, d1, d2, d3]` runs of `run` words, each side with strides of its own; the range
 * is over d0·d1. Transposes, slices, concatenations and padding are all of this form.
 */
export function copyBlock(
  x: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  y: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  d1: usize,
  d2: usize,
  d3: usize,
  run: usize,
  from: usize,
  to: usize,
): void {
  for (let o = from; o < to; ++o) {
    const i = o / d1;
    const j = o % d1;
    let source = x + ((i * x0 + j * x1) << 2);
    let target = y + ((i * y0 + j * y1) << 2);
    for (let a = d2; a > 0; --a) {
      let s = source;
      let t = target;
      if (run == 1) {
        for (let b = d3; b > 0; --b) {
          store<u32>(t, load<u32>(s));
          s += x3 << 2;
          t += y3 << 2;
        }
      } else {
        for (let b = d3; b > 0; --b) {
          copyRun(s, t, run);
          s += x3 << 2;
          t += y3 << 2;
        }
      }
      source += x2 << 2;
      target += y2 << 2;
    }
  }
}

/** `[rows, columns]` to `[columns, rows]`, rows `from` to `to`, in blocks that stay in the cache. */
export function transposeRows(
  x: usize,
  y: usize,
  rows: usize,
  columns: usize,
  from: usize,
  to: usize,
): void {
  const across = columns << 2;
  const down = rows << 2;
  for (let ib = from; ib < to; ib += 32) {
    for (let jb: usize = 0; jb < columns; jb += 32) {
      const iEnd = min(to, ib + 32);
      const jEnd = min(columns, jb + 32);
      let i = ib;
      for (; i + 4 <= iEnd; i += 4) {
        let j = jb;
        for (; j + 4 <= jEnd; j += 4) {
          const at = x + ((i * columns + j) << 2);
          storeTransposed(
            y + ((j * rows + i) << 2),
            down,
            v128.load(at),
            v128.load(at + across),
            v128.load(at + 2 * across),
            v128.load(at + 3 * across),
          );
        }
        for (; j < jEnd; ++j) {
          for (let r = i; r < i + 4; ++r) {
            store<u32>(y + ((j * rows + r) << 2), load<u32>(x + ((r * columns + j) << 2)));
          }
        }
      }
      for (; i < iEnd; ++i) {
        for (let j = jb; j < jEnd; ++j) {
          store<u32>(y + ((j * rows + i) << 2), load<u32>(x + ((i * columns + j) << 2)));
        }
      }
    }
  }
}

/** y[r] = rows[index[r]], rows of n words; a negative index, or one past `count`, gives `other`, or 0. */
export function gatherRows(
  x: usize,
  index: usize,
  y: usize,
  n: usize,
  count: usize,
  other: usize,
  from: usize,
  to: usize,
): void {
  for (let r = from; r < to; ++r) {
    const row = load<u32>(index + (r << 2));
    const target = y + ((r * n) << 2);
    if (row < <u32>count) copyRun(x + ((<usize>row * n) << 2), target, n);
    else if (other != 0) copyRun(other, target, n);
    else memory.fill(target, 0, n << 2);
  }
}

/** y[index[r]] += x[r] for rows of n floats; y is cleared first. Negative indices are left out. */
export function scatterAddRows(
  x: usize,
  index: usize,
  y: usize,
  rows: usize,
  n: usize,
  count: usize,
): void {
  memory.fill(y, 0, (count * n) << 2);
  for (let r: usize = 0; r < rows; ++r) {
    const row = load<u32>(index + (r << 2));
    if (row >= <u32>count) continue;
    let to = y + ((<usize>row * n) << 2);
    let from = x + ((r * n) << 2);
    let left = n;
    for (; left >= 4; left -= 4) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      to += 16;
      from += 16;
    }
    for (; left > 0; --left) {
      store<f32>(to, load<f32>(to) + load<f32>(from));
      to += 4;
      from += 4;
    }
  }
}
