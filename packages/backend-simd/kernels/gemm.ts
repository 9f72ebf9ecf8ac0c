// Matrix products C (+)= op(A)·op(B) [+ bias] of any strides.
//
// The loops of BLIS (Van Zee & van de Geijn, 2015): A and B are packed into panels of 4 rows and 8
// columns, zero padded, so that one micro-kernel serves all transposes and edges. The tile is 4x8 and
// its loop is not unrolled: 8 accumulators, 2 columns and a broadcast are what V8 keeps in the 15
// registers it hands out. An element of C is the same sum in the same order however C is cut into
// tasks.
import { fma } from './lanes';

/** Depth, width and height of a packed block. */
const KC: usize = 256;
const NC: usize = 512;
const MC: usize = 128;

/** Bytes of scratch that a product needs: one tile, a block of B, a block of A. */
export function gemmScratch(): usize {
  return 256 + (NC + 16) * KC * 4 + (MC + 8) * KC * 4;
}

// The micro-kernel stands here twice, storing and adding: as one function with a flag it loses 5%.
function tileStore(k: usize, a: usize, b: usize, c: usize, ldc: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; k > 0; --k) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = fma(c00, a0, b0);
    c01 = fma(c01, a0, b1);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = fma(c10, a1, b0);
    c11 = fma(c11, a1, b1);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = fma(c20, a2, b0);
    c21 = fma(c21, a2, b1);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = fma(c30, a3, b0);
    c31 = fma(c31, a3, b1);
    a += 16;
    b += 32;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += ldc;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += ldc;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += ldc;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

function tileAdd(k: usize, a: usize, b: usize, c: usize, ldc: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; k > 0; --k) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = fma(c00, a0, b0);
    c01 = fma(c01, a0, b1);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = fma(c10, a1, b0);
    c11 = fma(c11, a1, b1);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = fma(c20, a2, b0);
    c21 = fma(c21, a2, b1);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = fma(c30, a3, b0);
    c31 = fma(c31, a3, b1);
    a += 16;
    b += 32;
  }
  v128.store(c, f32x4.add(v128.load(c), c00));
  v128.store(c, f32x4.add(v128.load(c, 16), c01), 16);
  c += ldc;
  v128.store(c, f32x4.add(v128.load(c), c10));
  v128.store(c, f32x4.add(v128.load(c, 16), c11), 16);
  c += ldc;
  v128.store(c, f32x4.add(v128.load(c), c20));
  v128.store(c, f32x4.add(v128.load(c, 16), c21), 16);
  c += ldc;
  v128.store(c, f32x4.add(v128.load(c), c30));
  v128.store(c, f32x4.add(v128.load(c, 16), c31), 16);
}

/** Four rows of four lanes, written as columns `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function storeTransposed(d: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7), t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(d, v128.shuffle<i64>(t0, t1, 0, 2));
  v128.store(d + step, v128.shuffle<i64>(t0, t1, 1, 3));
  v128.store(d + 2 * step, v128.shuffle<i64>(t2, t3, 0, 2));
  v128.store(d + 3 * step, v128.shuffle<i64>(t2, t3, 1, 3));
}

/** Packs up to 4 rows that are contiguous along k, into a panel `width` floats wide. */
function packRows(s: usize, ld: usize, k: usize, rows: usize, d: usize, width: usize): void {
  const zero = f32x4.splat(0);
  const step = width << 2;
  let q0 = s, q1 = s + ld, q2 = s + 2 * ld, q3 = s + 3 * ld;
  if (rows >= 4) {
    for (; k >= 4; k -= 4) {
      storeTransposed(d, step, v128.load(q0), v128.load(q1), v128.load(q2), v128.load(q3));
      q0 += 16;
      q1 += 16;
      q2 += 16;
      q3 += 16;
      d += step << 2;
    }
  } else {
    for (; k >= 4; k -= 4) {
      const r0 = rows > 0 ? v128.load(q0) : zero;
      const r1 = rows > 1 ? v128.load(q1) : zero;
      const r2 = rows > 2 ? v128.load(q2) : zero;
      storeTransposed(d, step, r0, r1, r2, zero);
      q0 += 16;
      q1 += 16;
      q2 += 16;
      d += step << 2;
    }
  }
  for (; k > 0; --k) {
    store<f32>(d, rows > 0 ? load<f32>(q0) : 0);
    store<f32>(d, rows > 1 ? load<f32>(q1) : 0, 4);
    store<f32>(d, rows > 2 ? load<f32>(q2) : 0, 8);
    store<f32>(d, rows > 3 ? load<f32>(q3) : 0, 12);
    q0 += 4;
    q1 += 4;
    q2 += 4;
    q3 += 4;
    d += step;
  }
}

/** Packs up to `width` (4 or 8) columns that are contiguous across. */
function packColumns(s: usize, ld: usize, k: usize, columns: usize, d: usize, width: usize): void {
  if (columns >= width) {
    if (width == 8) {
      for (; k > 0; --k) {
        v128.store(d, v128.load(s));
        v128.store(d, v128.load(s, 16), 16);
        s += ld;
        d += 32;
      }
    } else {
      for (; k > 0; --k) {
        v128.store(d, v128.load(s));
        s += ld;
        d += 16;
      }
    }
    return;
  }
  for (; k > 0; --k) {
    for (let j: usize = 0; j < width; ++j) {
      store<f32>(d + (j << 2), j < columns ? load<f32>(s + (j << 2)) : 0);
    }
    s += ld;
    d += width << 2;
  }
}

function packB(transposed: i32, b: usize, ld: usize, k: usize, columns: usize, d: usize): void {
  for (let j: usize = 0; j < columns; j += 8) {
    const w = min<usize>(8, columns - j);
    if (transposed) {
      packRows(b + j * ld, ld, k, w, d, 8);
      packRows(b + (j + 4) * ld, ld, k, w > 4 ? w - 4 : 0, d + 16, 8);
    } else {
      packColumns(b + (j << 2), ld, k, w, d, 8);
    }
    d += k << 5;
  }
}

function packA(transposed: i32, a: usize, ld: usize, k: usize, rows: usize, d: usize): void {
  for (let i: usize = 0; i < rows; i += 4) {
    const w = min<usize>(4, rows - i);
    if (transposed) packColumns(a + (i << 2), ld, k, w, d, 4);
    else packRows(a + i * ld, ld, k, w, d, 4);
    d += k << 4;
  }
}

/** Moves the valid part of a tile to C. */
function storeEdge(tile: usize, c: usize, ldc: usize, rows: usize, columns: usize, add: i32): void {
  for (let i: usize = 0; i < rows; ++i) {
    let t = tile + (i << 5), p = c + i * ldc, n = columns;
    for (; n >= 4; n -= 4) {
      const v = v128.load(t);
      v128.store(p, add ? f32x4.add(v128.load(p), v) : v);
      p += 16;
      t += 16;
    }
    for (; n > 0; --n) {
      const v = load<f32>(t);
      store<f32>(p, add ? load<f32>(p) + v : v);
      p += 4;
      t += 4;
    }
  }
}

/** All tiles of one packed block. */
function multiplyBlock(
  rows: usize, columns: usize, k: usize, packedA: usize, packedB: usize, c: usize, ldc: usize,
  add: i32, tile: usize,
): void {
  let b = packedB;
  for (let j: usize = 0; j < columns; j += 8) {
    const w = columns - j;
    let a = packedA, to = c + (j << 2), left = rows;
    if (w >= 8) {
      if (add) {
        for (; left >= 4; left -= 4) {
          tileAdd(k, a, b, to, ldc);
          a += k << 4;
          to += ldc << 2;
        }
      } else {
        for (; left >= 4; left -= 4) {
          tileStore(k, a, b, to, ldc);
          a += k << 4;
          to += ldc << 2;
        }
      }
      if (left > 0) {
        tileStore(k, a, b, tile, 32);
        storeEdge(tile, to, ldc, left, 8, add);
      }
    } else {
      for (;;) {
        tileStore(k, a, b, tile, 32);
        storeEdge(tile, to, ldc, min<usize>(4, left), w, add);
        if (left <= 4) break;
        left -= 4;
        a += k << 4;
        to += ldc << 2;
      }
    }
    b += k << 5;
  }
}

/**
 * C[M, N] (+)= op(A)·op(B), or = op(A)·op(B) + bias (0: none). Leading dimensions count elements.
 */
export function gemm(
  ta: i32, tb: i32, M: usize, N: usize, K: usize, A: usize, lda: usize, B: usize, ldb: usize,
  C: usize, ldc: usize, add: i32, bias: usize, scratch: usize,
): void {
  lda <<= 2;
  ldb <<= 2;
  ldc <<= 2;
  const packedB = scratch + 256;
  const packedA = packedB + (NC + 16) * KC * 4;
  if (bias) {
    add = 1;
    for (let i: usize = 0; i < M; ++i) memory.copy(C + i * ldc, bias, N << 2);
  }
  for (let j: usize = 0; j < N; j += NC) {
    const columns = min(NC, N - j);
    let adding = add;
    for (let p: usize = 0; p < K; ) {
      // The rest of K in two halves rather than in one block and a sliver.
      let k = K - p;
      if (k > KC) k = k >= 2 * KC ? KC : ((k + 7) >> 4) << 3;
      packB(tb, tb ? B + j * ldb + (p << 2) : B + p * ldb + (j << 2), ldb, k, columns, packedB);
      for (let i: usize = 0; i < M; i += MC) {
        const rows = min(MC, M - i);
        packA(ta, ta ? A + p * lda + (i << 2) : A + i * lda + (p << 2), lda, k, rows, packedA);
        multiplyBlock(rows, columns, k, packedA, packedB, C + i * ldc + (j << 2), ldc, adding, scratch);
      }
      p += k;
      adding = 1;
    }
  }
}
