// Copies blocks of matrices into panels: 4 or 6 rows of A or 8 columns of B next to each other, k by k, so
// that the inner loop of the product reads straight ahead. What is missing at an edge is zero.

/** Rows of a tile of the product, and of a panel of A. */
export const MR: usize = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Four rows of four become four columns, `step` bytes apart. */
// @ts-expect-error: decorator
@inline
export function storeTransposed(
  to: usize,
  step: usize,
  r0: v128,
  r1: v128,
  r2: v128,
  r3: v128,
): void {
  const t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(t0, t1, 0, 2));
  v128.store(to + step, v128.shuffle<i64>(t0, t1, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<i64>(t2, t3, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<i64>(t2, t3, 1, 3));
}

/** Four floats, times those `factor` bytes further where that is not 0. */
// @ts-expect-error: decorator
@inline
function loadTimes(at: usize, factor: usize, scaled: bool): v128 {
  return scaled ? f32x4.mul(v128.load(at), v128.load(at + factor)) : v128.load(at);
}

// @ts-expect-error: decorator
@inline
function loadOneTimes(at: usize, factor: usize, scaled: bool): f32 {
  return scaled ? load<f32>(at) * load<f32>(at + factor) : load<f32>(at);
}

/** Four rows that are contiguous in k, of which `rows` exist, into a panel of `width` floats a k. */
// @ts-expect-error: decorator
@inline
function rowsInto(
  from: usize,
  stride: usize,
  k: usize,
  rows: usize,
  to: usize,
  width: usize,
  factor: usize,
  scaled: bool,
): void {
  const zero = f32x4.splat(0);
  const step = width << 2;
  let q0 = from;
  let q1 = from + stride;
  let q2 = from + 2 * stride;
  let q3 = from + 3 * stride;
  let left = k;
  if (rows >= 4) {
    for (; left >= 4; left -= 4) {
      storeTransposed(
        to,
        step,
        loadTimes(q0, factor, scaled),
        loadTimes(q1, factor, scaled),
        loadTimes(q2, factor, scaled),
        loadTimes(q3, factor, scaled),
      );
      q0 += 16;
      q1 += 16;
      q2 += 16;
      q3 += 16;
      to += step << 2;
    }
  } else {
    for (; left >= 4; left -= 4) {
      storeTransposed(
        to,
        step,
        rows > 0 ? loadTimes(q0, factor, scaled) : zero,
        rows > 1 ? loadTimes(q1, factor, scaled) : zero,
        rows > 2 ? loadTimes(q2, factor, scaled) : zero,
        zero,
      );
      q0 += 16;
      q1 += 16;
      q2 += 16;
      to += step << 2;
    }
  }
  for (; left > 0; --left) {
    store<f32>(to, rows > 0 ? loadOneTimes(q0, factor, scaled) : 0);
    store<f32>(to, rows > 1 ? loadOneTimes(q1, factor, scaled) : 0, 4);
    store<f32>(to, rows > 2 ? loadOneTimes(q2, factor, scaled) : 0, 8);
    store<f32>(to, rows > 3 ? loadOneTimes(q3, factor, scaled) : 0, 12);
    q0 += 4;
    q1 += 4;
    q2 += 4;
    q3 += 4;
    to += step;
  }
}

function packRows(from: usize, stride: usize, k: usize, rows: usize, to: usize, width: usize): void {
  rowsInto(from, stride, k, rows, to, width, 0, false);
}

function packRowsTimes(
  from: usize,
  stride: usize,
  k: usize,
  rows: usize,
  to: usize,
  width: usize,
  factor: usize,
): void {
  rowsInto(from, stride, k, rows, to, width, factor, true);
}

/** A panel of `width` (4, 6 or 8) columns, of which `columns` exist, of rows that are `stride` apart. */
function packColumns(
  from: usize,
  stride: usize,
  k: usize,
  columns: usize,
  to: usize,
  width: usize,
): void {
  if (columns < width) {
    for (let left = k; left > 0; --left) {
      for (let j: usize = 0; j < width; ++j) {
        store<f32>(to + (j << 2), j < columns ? load<f32>(from + (j << 2)) : 0);
      }
      from += stride;
      to += width << 2;
    }
  } else if (width == 8) {
    for (let left = k; left > 0; --left) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += stride;
      to += 32;
    }
  } else {
    for (let left = k; left > 0; --left) {
      v128.store(to, v128.load(from));
      if (width == 6) store<u64>(to, load<u64>(from, 16), 16);
      from += stride;
      to += width << 2;
    }
  }
}

/** A panel of 8 whole columns, times `factor` (0: nothing); their sums go to `sums`. */
function packColumnsSummed(
  from: usize,
  stride: usize,
  k: usize,
  to: usize,
  factor: usize,
  sums: usize,
): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (let left = k; left > 0; --left) {
    let v0 = v128.load(from);
    let v1 = v128.load(from, 16);
    if (factor != 0) {
      v0 = f32x4.mul(v0, v128.load(from + factor));
      v1 = f32x4.mul(v1, v128.load(from + factor, 16));
    }
    v128.store(to, v0);
    v128.store(to, v1, 16);
    s0 = f32x4.add(s0, v0);
    s1 = f32x4.add(s1, v1);
    from += stride;
    to += 32;
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
}

/** The same for fewer columns. */
function packPartSummed(
  from: usize,
  stride: usize,
  k: usize,
  columns: usize,
  to: usize,
  factor: usize,
  sums: usize,
): void {
  for (let j: usize = 0; j < 8; ++j) {
    let sum: f32 = 0;
    for (let p: usize = 0; p < k; ++p) {
      const at = from + p * stride + (j << 2);
      let v: f32 = 0;
      if (j < columns) v = factor != 0 ? load<f32>(at) * load<f32>(at + factor) : load<f32>(at);
      store<f32>(to + (p << 5) + (j << 2), v);
      sum += v;
    }
    if (j < columns) store<f32>(sums + (j << 2), sum);
  }
}

/**
 * `[k, n]` of B (or Bᵀ, stored `[n, k]`) as panels of 8 columns. Strides in bytes.
 *
 * @param factor bytes from B to a matrix that it is multiplied with, elementwise; 0 for none
 * @param sums where the sums of the n columns go; 0 for nowhere. Both only for B as it is stored.
 */
export function packB(
  transposed: bool,
  b: usize,
  stride: usize,
  k: usize,
  n: usize,
  to: usize,
  factor: usize,
  sums: usize,
): void {
  for (let j: usize = 0; j < n; j += 8) {
    const columns = min<usize>(8, n - j);
    const from = b + (j << 2);
    if (transposed) {
      packRows(b + j * stride, stride, k, columns, to, 8);
      packRows(b + (j + 4) * stride, stride, k, columns > 4 ? columns - 4 : 0, to + 16, 8);
    } else if (sums == 0) packColumns(from, stride, k, columns, to, 8);
    else if (columns == 8) packColumnsSummed(from, stride, k, to, factor, sums + (j << 2));
    else packPartSummed(from, stride, k, columns, to, factor, sums + (j << 2));
    to += k << 5;
  }
}

/**
 * `[m, k]` of A (or Aᵀ, stored `[k, m]`) as panels of MR rows. Strides in bytes.
 *
 * @param factor bytes from A to a matrix that it is multiplied with, elementwise; 0 for none. Only for A
 * as it is stored.
 */
export function packA(
  transposed: bool,
  a: usize,
  stride: usize,
  k: usize,
  m: usize,
  to: usize,
  factor: usize,
): void {
  for (let i: usize = 0; i < m; i += MR) {
    const rows = min<usize>(MR, m - i);
    const from = a + i * stride;
    const rest = rows > 4 ? rows - 4 : 0;
    // Each writes four rows; the last two first, whose surplus the others then overwrite.
    if (transposed) packColumns(a + (i << 2), stride, k, rows, to, MR);
    else if (factor == 0) {
      if (MR == 6) packRows(from + 4 * stride, stride, k, rest, to + 16, MR);
      packRows(from, stride, k, rows, to, MR);
    } else {
      if (MR == 6) packRowsTimes(from + 4 * stride, stride, k, rest, to + 16, MR, factor);
      packRowsTimes(from, stride, k, rows, to, MR, factor);
    }
    to += k * MR * 4;
  }
}
