// One product of matrices shared by all threads, with nothing packed twice: tickets that pack a slice of
// a block of B into memory that all threads read, and tickets that multiply some rows of A by that block.
// A ticket may wait for earlier ones, and only for these: they are taken in order, so each of them is
// already taken by a thread. B's blocks lie in a ring, so packing runs ahead of multiplying.

import { ProductPlan } from './arguments';
import { geluInPlace } from './elementwise';
import { block, depthOf, KC } from './gemm';
import { packA, packB } from './pack';

/** Blocks of B, or groups of blocks, that are in the memory at once. */
export const RING: usize = 3;

export const MOST_SPINS: i64 = 20000000000; // about a minute: after that, a thread must have died

/** Waits until a counter has come so far. */
function waitFor(counter: usize, value: u32): void {
  if (!ASC_FEATURE_THREADS) return; // alone, tickets end in order
  for (let left = MOST_SPINS; atomic.load<u32>(counter) < value; --left) {
    if (left == 0) unreachable();
  }
}

// @ts-expect-error: decorator
@inline
function count(counter: usize): void {
  if (ASC_FEATURE_THREADS) atomic.add<u32>(counter, 1);
}

/** Where block `index` of k begins. */
function depthBefore(k: usize, index: usize): usize {
  let at: usize = 0;
  for (; index > 0; --index) at += depthOf(k - at);
  return at;
}

/** Does ticket t. */
export function productTicket(w: ProductPlan, t: usize, scratch: usize): void {
  const m = w.m;
  const rows = w.rows;
  const columns = w.columns;
  const wide = w.wide;
  const slice = w.slice;
  const groups = w.groupsOfK * w.groupsOfN;
  const slices = (wide + slice - 1) / slice;
  const across = (wide + columns - 1) / columns;
  const tiles = across * ((m + rows - 1) / rows);
  if (t < slices) return pack(w, 0, t, slice, tiles);
  t -= slices;
  let p = t / (slices + tiles);
  t -= p * (slices + tiles);
  if (p + 1 < groups) {
    if (t < slices) return pack(w, p + 1, t, slice, tiles);
    t -= slices;
  }
  multiply(w, p, t, across, slices, groups, scratch);
}

/** Bytes of one block of B in the ring. */
// @ts-expect-error: decorator
@inline
function sizeOfBlock(wide: usize): usize {
  return ((wide + 7) & ~7) * KC * 4;
}

/** Packs columns of group p, when the group that lay there is no longer needed. */
function pack(w: ProductPlan, p: usize, t: usize, slice: usize, tiles: usize): void {
  const n = w.n;
  const k = w.k;
  const wide = w.wide;
  const counters = w.counters + (p << 3);
  if (p >= RING) waitFor(counters - (RING << 3) + 4, <u32>tiles);
  const deep = w.deep;
  const first = (p / w.groupsOfK) * wide;
  const j = first + t * slice;
  const end = min(n, min(first + wide, j + slice));
  if (j < end) {
    const transposed = w.transposeB != 0;
    const ldb = w.ldb;
    const sums = w.sums;
    const size = sizeOfBlock(wide);
    let to = w.ring + (p % RING) * deep * size;
    let index = (p % w.groupsOfK) * deep;
    let from = depthBefore(k, index);
    for (let left = deep; left > 0; --left) {
      const depth = depthOf(k - from);
      packB(
        transposed,
        w.b + ((transposed ? j * ldb + from : from * ldb + j) << 2),
        ldb << 2,
        depth,
        end - j,
        to + t * slice * depth * 4,
        w.factorB,
        sums != 0 ? sums + ((index * n + j) << 2) : 0,
      );
      to += size;
      from += depth;
      ++index;
    }
  }
  count(counters);
}

/**
 * Reads a part of each line of the cache of rows of A, in the order of the memory: packing takes several
 * rows at a time, each too short for the processor to see that it will go on.
 */
function touch(a: usize, stride: usize, bytes: usize, rows: usize, to: usize): void {
  let sum: i32 = 0;
  for (; rows > 0; --rows) {
    for (let at: usize = 0; at < bytes; at += 64) sum += load<i32>(a + at);
    a += stride;
  }
  store<i32>(to, sum); // else nothing would be read
}

/** Multiplies one tile's rows by group p of B. */
function multiply(
  w: ProductPlan,
  p: usize,
  t: usize,
  across: usize,
  slices: usize,
  groups: usize,
  scratch: usize,
): void {
  const k = w.k;
  const a = w.a;
  const lda = w.lda;
  const ldc = w.ldc << 2;
  const wide = w.wide;
  const deep = w.deep;
  const i = (t / across) * w.rows;
  const first = (p / w.groupsOfK) * wide;
  const inside = (t % across) * w.columns;
  const j = first + inside;
  const height = min(w.rows, w.m - i);
  const end = min(min(first + wide, w.n), j + w.columns);
  const counters = w.counters;
  const own = counters + (groups << 3) + (t << 2);
  if (j < end) {
    const width = end - j;
    const edge = scratch;
    const zeros = scratch + 192;
    const panels = scratch + 256;
    const transposed = w.transposeA != 0;
    const factor = w.factorA;
    const size = sizeOfBlock(wide);
    const c = w.c + i * ldc + (j << 2);
    const bias = w.bias;
    let ring = w.ring + (p % RING) * deep * size;
    let index = (p % w.groupsOfK) * deep;
    let from = depthBefore(k, index);
    const last = depthBefore(k, index + deep);
    if (!transposed) {
      const rows = a + ((i * lda + from) << 2);
      touch(rows, lda << 2, (last - from) << 2, height, edge);
      if (factor != 0) touch(rows + factor, lda << 2, (last - from) << 2, height, edge);
    }
    for (let left = deep; left > 0; --left) {
      const depth = depthOf(k - from);
      const at = a + ((transposed ? from * lda + i : i * lda + from) << 2);
      packA(transposed, at, lda << 2, depth, height, panels, factor);
      if (left == deep) {
        waitFor(counters + (p << 3), <u32>slices);
        waitFor(own, <u32>p);
      }
      const panelsB = ring + inside * depth * 4;
      if (index > 0) block(height, width, depth, panels, panelsB, c, ldc, c, ldc, 4, edge);
      else if (bias != 0) block(height, width, depth, panels, panelsB, c, ldc, bias + (j << 2), 0, 4, edge);
      else {
        memory.fill(zeros, 0, 32);
        block(height, width, depth, panels, panelsB, c, ldc, zeros, 0, 0, edge);
      }
      ring += size;
      from += depth;
      ++index;
    }
    const derivative = w.derivative;
    if (derivative != 0 && last == k) {
      const slope = derivative + i * ldc + (j << 2);
      for (let r: usize = 0; r < height; ++r) geluInPlace(c + r * ldc, slope + r * ldc, width);
    }
  }
  count(own);
  count(counters + (p << 3) + 4);
}
