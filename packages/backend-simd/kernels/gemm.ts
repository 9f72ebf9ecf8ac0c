// Matrix product C = A·B (+ bias or C), in the loop order of BLIS (Van Zee & van de Geijn, TOMS 2015):
// blocks of B that stay in the second cache, blocks of A that stay in the first, and inside a tile of
// sums in registers: 6 x 8 where a product and its sum are one instruction, 4 x 8 where they need one
// register more. V8 keeps exactly these, not unrolled and written in this order, free of spills.

import { MR, packA, packB } from './pack';
import { fma, splat } from './vector';

const KC: usize = 256;
const NC: usize = 512;
const MC: usize = MR == 6 ? 120 : 128; // a multiple of the tile's rows

/** Bytes of scratch that one call needs. */
export const GEMM_SCRATCH: usize = 256 + ((NC + 8) * KC + (MC + MR) * KC) * 4 + 64;

/** Where a sum begins: at what is in C, or at zero. */
// @ts-ignore: decorator
@inline
function first(c: usize, offset: usize, add: bool): v128 {
  return add ? v128.load(c + offset) : splat(0);
}

/** A tile of 4 x 8: `c` (rows `stride` bytes apart) = or += the product of two panels. */
// @ts-ignore: decorator
@inline
function tileOf4(k: usize, a: usize, b: usize, c: usize, stride: usize, add: bool): void {
  let c00 = first(c, 0, add);
  let c01 = first(c, 16, add);
  let c10 = first(c + stride, 0, add);
  let c11 = first(c + stride, 16, add);
  let c20 = first(c + 2 * stride, 0, add);
  let c21 = first(c + 2 * stride, 16, add);
  let c30 = first(c + 3 * stride, 0, add);
  let c31 = first(c + 3 * stride, 16, add);
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
function tileOf6(k: usize, a: usize, b: usize, c: usize, stride: usize, add: bool): void {
  let c00 = first(c, 0, add);
  let c01 = first(c, 16, add);
  let c10 = first(c + stride, 0, add);
  let c11 = first(c + stride, 16, add);
  let c20 = first(c + 2 * stride, 0, add);
  let c21 = first(c + 2 * stride, 16, add);
  let c30 = first(c + 3 * stride, 0, add);
  let c31 = first(c + 3 * stride, 16, add);
  let c40 = first(c + 4 * stride, 0, add);
  let c41 = first(c + 4 * stride, 16, add);
  let c50 = first(c + 5 * stride, 0, add);
  let c51 = first(c + 5 * stride, 16, add);
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

// @ts-ignore: decorator
@inline
function tile(k: usize, a: usize, b: usize, c: usize, stride: usize, add: bool): void {
  if (MR == 6) tileOf6(k, a, b, c, stride, add);
  else tileOf4(k, a, b, c, stride, add);
}

function setTile(k: usize, a: usize, b: usize, c: usize, stride: usize): void {
  tile(k, a, b, c, stride, false);
}

function addTile(k: usize, a: usize, b: usize, c: usize, stride: usize): void {
  tile(k, a, b, c, stride, true);
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

/** A tile of which only a part is in C: computed beside it, in the same order of sums. */
function edgeTile(
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  rows: usize,
  columns: usize,
  add: bool,
  edge: usize,
): void {
  if (add) {
    copyPart(c, stride, edge, 32, rows, columns);
    addTile(k, a, b, edge, 32);
  } else setTile(k, a, b, edge, 32);
  copyPart(edge, 32, c, stride, rows, columns);
}

/**
 * C `[m, n]` = op(A)·op(B), plus `bias` `[n]` where it is not 0, or plus C itself where `add` is set.
 *
 * Strides (`lda` …) are in elements and belong to the stored matrix. The order of every sum depends on
 * k alone, so cutting C into parts changes no bit.
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
  add: bool,
  bias: usize,
  scratch: usize,
): void {
  lda <<= 2;
  ldb <<= 2;
  ldc <<= 2;
  const edge = scratch;
  const panelsB = scratch + 256;
  const panelsA = panelsB + (NC + 8) * KC * 4;
  if (bias != 0) {
    add = true;
    for (let i: usize = 0; i < m; ++i) memory.copy(c + i * ldc, bias, n << 2);
  } else if (k == 0 && !add) {
    for (let i: usize = 0; i < m; ++i) memory.fill(c + i * ldc, 0, n << 2);
  }
  for (let jc: usize = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc);
    let adding = add;
    for (let pc: usize = 0; pc < k; ) {
      let kc = k - pc;
      // Between one and two blocks, two halves: a short last block would waste its packing.
      if (kc > KC) kc = kc >= 2 * KC ? KC : ((kc + 7) >> 4) << 3;
      packB(
        transposeB,
        transposeB ? b + jc * ldb + (pc << 2) : b + pc * ldb + (jc << 2),
        ldb,
        kc,
        nc,
        panelsB,
      );
      for (let ic: usize = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        packA(
          transposeA,
          transposeA ? a + pc * lda + (ic << 2) : a + ic * lda + (pc << 2),
          lda,
          kc,
          mc,
          panelsA,
        );
        block(mc, nc, kc, panelsA, panelsB, c + ic * ldc + (jc << 2), ldc, adding, edge);
      }
      pc += kc;
      adding = true;
    }
  }
}

/** All tiles of one block of C. */
function block(
  m: usize,
  n: usize,
  k: usize,
  panelsA: usize,
  panelsB: usize,
  c: usize,
  stride: usize,
  add: bool,
  edge: usize,
): void {
  let b = panelsB;
  for (let j: usize = 0; j < n; j += 8) {
    const columns = n - j;
    let to = c + (j << 2);
    let a = panelsA;
    let rows = m;
    if (columns >= 8) {
      if (add) {
        for (; rows >= MR; rows -= MR) {
          addTile(k, a, b, to, stride);
          a += k * MR * 4;
          to += stride * MR;
        }
      } else {
        for (; rows >= MR; rows -= MR) {
          setTile(k, a, b, to, stride);
          a += k * MR * 4;
          to += stride * MR;
        }
      }
      if (rows > 0) edgeTile(k, a, b, to, stride, rows, 8, add, edge);
    } else {
      for (;;) {
        edgeTile(k, a, b, to, stride, min<usize>(MR, rows), columns, add, edge);
        if (rows <= MR) break;
        rows -= MR;
        a += k * MR * 4;
        to += stride * MR;
      }
    }
    b += k << 5;
  }
}
