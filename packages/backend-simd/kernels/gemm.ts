// Matrix product C = A·B (+ bias or C), in the loop order of BLIS (Van Zee & van de Geijn, TOMS 2015):
// blocks of B that stay in the second cache, blocks of A that stay in the first, and inside a tile of
// sums in registers: 6 x 8 where a product and its sum are one instruction, 4 x 8 where they need one
// register more. V8 keeps exactly these, not unrolled and written in this order, free of spills.

import { MR, packA, packB } from './pack';
import { fma, splat } from './vector';

/** Most of k that one block takes. */
export const KC: usize = 384;
const NC: usize = 512;
/** Most rows of a block of A: a multiple of the tile's. */
const MC: usize = MR == 6 ? 120 : 128;

/** Bytes of scratch that one call needs: an edge tile, zeros, panels of B and of A. */
export const GEMM_SCRATCH: usize = 256 + ((NC + 8) * KC + (MC + MR) * KC) * 4 + 64;

/** A tile of 4 x 8: `c` (rows `stride` bytes apart) = or += the product of two panels. */
// @ts-ignore: decorator
@inline
function tileOf4(
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  from: usize,
  fromStride: usize,
): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from + fromStride);
  let c11 = v128.load(from + fromStride, 16);
  let c20 = v128.load(from + 2 * fromStride);
  let c21 = v128.load(from + 2 * fromStride, 16);
  let c30 = v128.load(from + 3 * fromStride);
  let c31 = v128.load(from + 3 * fromStride, 16);
  for (; k > 0; --k) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = fma(a0, b0, c00);
    c01 = fma(a0, b1, c01);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = fma(a1, b0, c10);
    c11 = fma(a1, b1, c11);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = fma(a2, b0, c20);
    c21 = fma(a2, b1, c21);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = fma(a3, b0, c30);
    c31 = fma(a3, b1, c31);
    a += 16;
    b += 32;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** A tile of 6 x 8. */
// @ts-ignore: decorator
@inline
function tileOf6(
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  from: usize,
  fromStride: usize,
): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from + fromStride);
  let c11 = v128.load(from + fromStride, 16);
  let c20 = v128.load(from + 2 * fromStride);
  let c21 = v128.load(from + 2 * fromStride, 16);
  let c30 = v128.load(from + 3 * fromStride);
  let c31 = v128.load(from + 3 * fromStride, 16);
  let c40 = v128.load(from + 4 * fromStride);
  let c41 = v128.load(from + 4 * fromStride, 16);
  let c50 = v128.load(from + 5 * fromStride);
  let c51 = v128.load(from + 5 * fromStride, 16);
  for (; k > 0; --k) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = fma(a0, b0, c00);
    c01 = fma(a0, b1, c01);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = fma(a1, b0, c10);
    c11 = fma(a1, b1, c11);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = fma(a2, b0, c20);
    c21 = fma(a2, b1, c21);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = fma(a3, b0, c30);
    c31 = fma(a3, b1, c31);
    const a4 = v128.load_splat<f32>(a, 16);
    c40 = fma(a4, b0, c40);
    c41 = fma(a4, b1, c41);
    const a5 = v128.load_splat<f32>(a, 20);
    c50 = fma(a5, b0, c50);
    c51 = fma(a5, b1, c51);
    a += 24;
    b += 32;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += stride;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  c += stride;
  v128.store(c, c50);
  v128.store(c, c51, 16);
}

/**
 * One tile: `c` = what is at `from` + the product of two panels. Rows lie `stride` and `fromStride` bytes
 * apart; 0 repeats one row, so a bias or a row of zeros are places to begin as C itself is.
 */
function tile(
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  from: usize,
  fromStride: usize,
): void {
  if (MR == 6) tileOf6(k, a, b, c, stride, from, fromStride);
  else tileOf4(k, a, b, c, stride, from, fromStride);
}

/** Copies `rows` rows of `columns` numbers. */
function copyPart(
  from: usize,
  stride: usize,
  to: usize,
  toStride: usize,
  rows: usize,
  columns: usize,
): void {
  for (; rows > 0; --rows) {
    for (let j: usize = 0; j < columns; ++j) store<f32>(to + (j << 2), load<f32>(from + (j << 2)));
    from += stride;
    to += toStride;
  }
}

/** A tile of which only a part is in C: computed in scratch memory, in the same order of sums. */
function edgeTile(
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  from: usize,
  fromStride: usize,
  rows: usize,
  columns: usize,
  edge: usize,
): void {
  copyPart(from, fromStride, edge, 32, rows, columns);
  tile(k, a, b, edge, 32, edge, 32);
  copyPart(edge, 32, c, stride, rows, columns);
}

/**
 * All tiles of one block of C, `[m, n]`: what is at `from` + panels of A · panels of B.
 *
 * @param fromStep bytes from one column of `from` to the next: 4, or 0 where one row of 8 serves for all
 * @param edge scratch for one tile
 */
export function block(
  m: usize,
  n: usize,
  k: usize,
  panelsA: usize,
  panelsB: usize,
  c: usize,
  stride: usize,
  from: usize,
  fromStride: usize,
  fromStep: usize,
  edge: usize,
): void {
  for (let j: usize = 0; j < n; j += 8) {
    const columns = min<usize>(8, n - j);
    const b = panelsB + j * k * 4;
    let to = c + (j << 2);
    let begin = from + j * fromStep;
    let a = panelsA;
    let rows = m;
    if (columns == 8) {
      for (; rows >= MR; rows -= MR) {
        tile(k, a, b, to, stride, begin, fromStride);
        a += k * MR * 4;
        to += stride * MR;
        begin += fromStride * MR;
      }
    }
    for (;;) {
      if (rows == 0) break;
      const part = min<usize>(MR, rows);
      edgeTile(k, a, b, to, stride, begin, fromStride, part, columns, edge);
      rows -= part;
      a += k * MR * 4;
      to += stride * MR;
      begin += fromStride * MR;
    }
  }
}

/**
 * How much of k the next block takes. Between one and two blocks, two halves: a short last one would
 * waste its packing.
 */
// @ts-ignore: decorator
@inline
export function depthOf(left: usize): usize {
  if (left <= KC) return left;
  return left >= 2 * KC ? KC : ((left + 7) >> 4) << 3;
}

/**
 * C `[m, n]` = op(A)·op(B), alone. Strides (`lda` …) are in elements and belong to the stored matrix.
 */
export function gemm(
  transposeA: bool,
  transposeB: bool,
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  lda: usize,
  b: usize,
  ldb: usize,
  c: usize,
  ldc: usize,
  scratch: usize,
): void {
  lda <<= 2;
  ldb <<= 2;
  ldc <<= 2;
  const edge = scratch;
  const zeros = scratch + 192;
  const panelsB = scratch + 256;
  const panelsA = panelsB + (NC + 8) * KC * 4;
  memory.fill(zeros, 0, 32);
  if (k == 0) for (let i: usize = 0; i < m; ++i) memory.fill(c + i * ldc, 0, n << 2);
  for (let jc: usize = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc);
    for (let pc: usize = 0; pc < k; ) {
      const kc = depthOf(k - pc);
      packB(transposeB, transposeB ? b + jc * ldb + (pc << 2) : b + pc * ldb + (jc << 2), ldb, kc, nc, panelsB, 0, 0);
      for (let ic: usize = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        packA(transposeA, transposeA ? a + pc * lda + (ic << 2) : a + ic * lda + (pc << 2), lda, kc, mc, panelsA, 0);
        const at = c + ic * ldc + (jc << 2);
        if (pc == 0) block(mc, nc, kc, panelsA, panelsB, at, ldc, zeros, 0, 0, edge);
        else block(mc, nc, kc, panelsA, panelsB, at, ldc, at, ldc, 4, edge);
      }
      pc += kc;
    }
  }
}
