// y = f(a, b) with broadcasting. The caller merges axes until the last one is contiguous in the
// result and, in each input, contiguous (step 1) or one value (step 0). An item is one row of it.
import { loadPart, splat, storePart } from './lanes';

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b);
  if (op == 1) return f32x4.sub(a, b);
  if (op == 2) return f32x4.mul(a, b);
  if (op == 3) return f32x4.div(a, b);
  if (op == 4) return f32x4.max(a, b);
  if (op == 5) return f32x4.min(a, b);
  if (op == 6) {
    const d = f32x4.sub(a, b);
    return f32x4.mul(d, d);
  }
  if (op == 7) return f32x4.eq(a, b);
  if (op == 8) return f32x4.ne(a, b);
  if (op == 9) return f32x4.gt(a, b);
  if (op == 10) return f32x4.ge(a, b);
  if (op == 11) return f32x4.lt(a, b);
  if (op == 12) return f32x4.le(a, b);
  return f32x4.add(a, b);
}

/** Four truth values as four bytes of 0 or 1. */
// @ts-ignore: decorator
@inline
function pack(m: v128): u32 {
  const bits = <u32>i32x4.bitmask(m);
  return (bits & 1) | ((bits & 2) << 7) | ((bits & 4) << 14) | ((bits & 8) << 21);
}

// @ts-ignore: decorator
@inline
function row(op: i32, a: usize, b: usize, y: usize, n: usize, sa: usize, sb: usize): void {
  if (sa && sb) {
    for (; n >= 4; n -= 4) {
      v128.store(y, apply(op, v128.load(a), v128.load(b)));
      a += 16;
      b += 16;
      y += 16;
    }
    if (n) storePart(y, apply(op, loadPart(a, n, 1), loadPart(b, n, 1)), n);
  } else if (sa) {
    const v = v128.load_splat<f32>(b);
    for (; n >= 4; n -= 4) {
      v128.store(y, apply(op, v128.load(a), v));
      a += 16;
      y += 16;
    }
    if (n) storePart(y, apply(op, loadPart(a, n, 1), v), n);
  } else {
    const v = v128.load_splat<f32>(a);
    for (; n >= 4; n -= 4) {
      v128.store(y, apply(op, v, sb ? v128.load(b) : v128.load_splat<f32>(b)));
      if (sb) b += 16;
      y += 16;
    }
    if (n) storePart(y, apply(op, v, sb ? loadPart(b, n, 1) : v128.load_splat<f32>(b)), n);
  }
}

// @ts-ignore: decorator
@inline
function truthRow(op: i32, a: usize, b: usize, y: usize, n: usize, sa: usize, sb: usize): void {
  const va = v128.load_splat<f32>(a), vb = v128.load_splat<f32>(b);
  for (; n >= 4; n -= 4) {
    store<u32>(y, pack(apply(op, sa ? v128.load(a) : va, sb ? v128.load(b) : vb)));
    if (sa) a += 16;
    if (sb) b += 16;
    y += 4;
  }
  for (; n > 0; --n) {
    store<u8>(y, <u8>(pack(apply(op, v128.load_splat<f32>(a), v128.load_splat<f32>(b))) & 1));
    if (sa) a += 4;
    if (sb) b += 4;
    y += 1;
  }
}

function anyRow(op: i32, a: usize, b: usize, y: usize, n: usize, sa: usize, sb: usize): void {
  switch (op) {
    case 0: row(0, a, b, y, n, sa, sb); break;
    case 1: row(1, a, b, y, n, sa, sb); break;
    case 2: row(2, a, b, y, n, sa, sb); break;
    case 3: row(3, a, b, y, n, sa, sb); break;
    case 4: row(4, a, b, y, n, sa, sb); break;
    case 5: row(5, a, b, y, n, sa, sb); break;
    case 6: row(6, a, b, y, n, sa, sb); break;
    case 7: truthRow(7, a, b, y, n, sa, sb); break;
    case 8: truthRow(8, a, b, y, n, sa, sb); break;
    case 9: truthRow(9, a, b, y, n, sa, sb); break;
    case 10: truthRow(10, a, b, y, n, sa, sb); break;
    case 11: truthRow(11, a, b, y, n, sa, sb); break;
    default: truthRow(12, a, b, y, n, sa, sb);
  }
}

/** One long row, cut anywhere. */
export function binaryFlat(
  op: i32, a: usize, b: usize, y: usize, sa: usize, sb: usize, first: usize, last: usize,
): void {
  const wide: usize = op >= 7 ? 0 : 2;
  anyRow(op, a + ((first * sa) << 2), b + ((first * sb) << 2), y + (first << wide), last - first, sa, sb);
}

/**
 * Rows of n floats under 5 outer axes, outermost first: `dims` holds 5 sizes, then their 5 steps in
 * a, then 5 in b, all in elements.
 */
export function binaryRows(
  op: i32, a: usize, b: usize, y: usize, n: usize, sa: usize, sb: usize, dims: usize,
  first: usize, last: usize,
): void {
  const wide: usize = op >= 7 ? 0 : 2;
  const d1 = load<u32>(dims, 4), d2 = load<u32>(dims, 8), d3 = load<u32>(dims, 12), d4 = load<u32>(dims, 16);
  const a0 = load<u32>(dims, 20), a1 = load<u32>(dims, 24), a2 = load<u32>(dims, 28);
  const a3 = load<u32>(dims, 32), a4 = load<u32>(dims, 36);
  const b0 = load<u32>(dims, 40), b1 = load<u32>(dims, 44), b2 = load<u32>(dims, 48);
  const b3 = load<u32>(dims, 52), b4 = load<u32>(dims, 56);
  for (let r = first; r < last; ++r) {
    let q = <u32>r;
    const i4 = q % d4; q /= d4;
    const i3 = q % d3; q /= d3;
    const i2 = q % d2; q /= d2;
    const i1 = q % d1; q /= d1;
    const atA = q * a0 + i1 * a1 + i2 * a2 + i3 * a3 + i4 * a4;
    const atB = q * b0 + i1 * b1 + i2 * b2 + i3 * b3 + i4 * b4;
    anyRow(op, a + (atA << 2), b + (atB << 2), y + ((r * n) << wide), n, sa, sb);
  }
}

/** y = c ? a : b, with one truth byte per element; a and b may be one value (step 0). */
export function select(
  c: usize, a: usize, b: usize, y: usize, first: usize, last: usize,
): void {
  for (let i = first; i < last; ++i) {
    store<f32>(y + (i << 2), load<u8>(c + i) ? load<f32>(a + (i << 2)) : load<f32>(b + (i << 2)));
  }
}
