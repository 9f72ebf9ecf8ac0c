// Matrix product C = A·B (+ bias or C), in the loop order of BLIS (Van Zee & van de Geijn, TOMS 2015):
// blocks of B that stay in the second cache, blocks of A that stay in the first, and inside a tile of
// 4 x 8 sums in registers. V8 keeps exactly this tile, not unrolled, free of spills.

import { packA, packB } from './pack';
import { fma, splat } from './vector';

const KC: usize = 256;
const NC: usize = 512;
const MC: usize = 128;

/** Bytes of scratch that one call needs. */
export const GEMM_SCRATCH: usize = 256 + ((NC + 8) * KC + (MC + 4) * KC) * 4;

/** A tile of 4 x 8: `c` (rows `stride` bytes apart) = or += the product of two panels. */
// @ts-expect-error: decorator
@inline
function tile(k: usize, a: usize, b: usize, c: usize, stride: usize, add: bool): void {
  let c00 = splat(0);
  let c01 = splat(0);
  let c10 = splat(0);
  let c11 = splat(0);
  let c20 = splat(0);
  let c21 = splat(0);
  let c30 = splat(0);
  let c31 = splat(0);
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
  if (add) {
    const r1 = c + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    v128.store(c, f32x4.add(v128.load(c), c00));
    v128.store(c, f32x4.add(v128.load(c, 16), c01), 16);
    v128.store(r1, f32x4.add(v128.load(r1), c10));
    v128.store(r1, f32x4.add(v128.load(r1, 16), c11), 16);
    v128.store(r2, f32x4.add(v128.load(r2), c20));
    v128.store(r2, f32x4.add(v128.load(r2, 16), c21), 16);
    v128.store(r3, f32x4.add(v128.load(r3), c30));
    v128.store(r3, f32x4.add(v128.load(r3, 16), c31), 16);
  } else {
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
}

function setTile(k: usize, a: usize, b: usize, c: usize, stride: usize): void {
  tile(k, a, b, c, stride, false);
}

function addTile(k: usize, a: usize, b: usize, c: usize, stride: usize): void {
  tile(k, a, b, c, stride, true);
}

/** Moves the part of a tile that exists to the edge of C. */
function moveEdge(from: usize, c: usize, stride: usize, rows: usize, columns: usize, add: bool): void {
  for (let i: usize = 0; i < rows; ++i) {
    let source = from + (i << 5);
    let to = c + i * stride;
    for (let j = columns; j > 0; --j) {
      const value = load<f32>(source);
      store<f32>(to, add ? load<f32>(to) + value : value);
      source += 4;
      to += 4;
    }
  }
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
        for (; rows >= 4; rows -= 4) {
          addTile(k, a, b, to, stride);
          a += k << 4;
          to += stride << 2;
        }
      } else {
        for (; rows >= 4; rows -= 4) {
          setTile(k, a, b, to, stride);
          a += k << 4;
          to += stride << 2;
        }
      }
      if (rows > 0) {
        setTile(k, a, b, edge, 32);
        moveEdge(edge, to, stride, rows, 8, add);
      }
    } else {
      for (;;) {
        setTile(k, a, b, edge, 32);
        moveEdge(edge, to, stride, min<usize>(4, rows), columns, add);
        if (rows <= 4) break;
        rows -= 4;
        a += k << 4;
        to += stride << 2;
      }
    }
    b += k << 5;
  }
}
