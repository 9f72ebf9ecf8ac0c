// Copies blocks of matrices into panels: 4 or 6 rows of A or 8 columns of B beside each other, k by k, so
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

/** Four rows that are contiguous in k, of which `rows` exist, into a panel of `width` floats a k. */
function packRows(from: usize, stride: usize, k: usize, rows: usize, to: usize, width: usize): void {
  const zero = f32x4.splat(0);
  const step = width << 2;
  let q0 = from;
  let q1 = from + stride;
  let q2 = from + 2 * stride;
  let q3 = from + 3 * stride;
  let left = k;
  if (rows >= 4) {
    for (; left >= 4; left -= 4) {
      storeTransposed(to, step, v128.load(q0), v128.load(q1), v128.load(q2), v128.load(q3));
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
        rows > 0 ? v128.load(q0) : zero,
        rows > 1 ? v128.load(q1) : zero,
        rows > 2 ? v128.load(q2) : zero,
        zero,
      );
      q0 += 16;
      q1 += 16;
      q2 += 16;
      to += step << 2;
    }
  }
  for (; left > 0; --left) {
    store<f32>(to, rows > 0 ? load<f32>(q0) : 0);
    store<f32>(to, rows > 1 ? load<f32>(q1) : 0, 4);
    store<f32>(to, rows > 2 ? load<f32>(q2) : 0, 8);
    store<f32>(to, rows > 3 ? load<f32>(q3) : 0, 12);
    q0 += 4;
    q1 += 4;
    q2 += 4;
    q3 += 4;
    to += step;
  }
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

/** `[k, n]` of B (or Bᵀ, stored `[n, k]`) as panels of 8 columns. Strides in bytes. */
export function packB(
  transposed: bool,
  b: usize,
  stride: usize,
  k: usize,
  n: usize,
  to: usize,
): void {
  for (let j: usize = 0; j < n; j += 8) {
    const columns = min<usize>(8, n - j);
    if (transposed) {
      packRows(b + j * stride, stride, k, columns, to, 8);
      packRows(b + (j + 4) * stride, stride, k, columns > 4 ? columns - 4 : 0, to + 16, 8);
    } else {
      packColumns(b + (j << 2), stride, k, columns, to, 8);
    }
    to += k << 5;
  }
}

/** `[m, k]` of A (or Aᵀ, stored `[k, m]`) as panels of MR rows. Strides in bytes. */
export function packA(
  transposed: bool,
  a: usize,
  stride: usize,
  k: usize,
  m: usize,
  to: usize,
): void {
  for (let i: usize = 0; i < m; i += MR) {
    const rows = min<usize>(MR, m - i);
    if (transposed) packColumns(a + (i << 2), stride, k, rows, to, MR);
    else {
      const from = a + i * stride;
      // Each writes four rows; the last two first, whose surplus the others then overwrite.
      if (MR == 6) packRows(from + 4 * stride, stride, k, rows > 4 ? rows - 4 : 0, to + 16, MR);
      packRows(from, stride, k, rows, to, MR);
    }
    to += k * MR * 4;
  }
}
