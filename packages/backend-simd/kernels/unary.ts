// y = f(x), element by element. `op` numbers stand in src/table.ts as well.
import { bell4, erf4, exp4, gelu4, geluSlope4, log4, sigmoid4, tail4, tanh4 } from './functions';
import { fma, loadPart, splat, storePart } from './lanes';

// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128, p: v128, q: v128): v128 {
  const one = splat(1), zero = splat(0);
  if (op == 0) return exp4(x);
  if (op == 1) return log4(x);
  if (op == 2) return tanh4(x);
  if (op == 3) return sigmoid4(x);
  if (op == 4) return erf4(x);
  if (op == 5) return f32x4.sqrt(x);
  if (op == 6) return f32x4.div(one, f32x4.sqrt(x));
  if (op == 7) return f32x4.mul(x, x);
  if (op == 8) return f32x4.neg(x);
  if (op == 9) return f32x4.abs(x);
  if (op == 10) return f32x4.pmax(x, zero);
  if (op == 11) return f32x4.pmin(f32x4.pmax(x, zero), splat(6));
  if (op == 12) return f32x4.div(one, x);
  if (op == 13) return f32x4.floor(x);
  if (op == 14) return f32x4.ceil(x);
  if (op == 15) return f32x4.nearest(x);
  if (op == 16) {
    return f32x4.sub(v128.and(f32x4.gt(x, zero), one), v128.and(f32x4.lt(x, zero), one));
  }
  // step with slope p on the other side; NaN stays NaN
  if (op == 17) return v128.bitselect(v128.bitselect(one, p, f32x4.gt(x, zero)), x, f32x4.eq(x, x));
  if (op == 18) return f32x4.pmin(f32x4.pmax(x, p), q); // clip to [p, q]
  if (op == 19) return v128.bitselect(f32x4.mul(x, p), x, f32x4.lt(x, zero)); // leaky ReLU
  return fma(q, x, p); // p·x + q
}

// @ts-ignore: decorator
@inline
function loop(op: i32, x: usize, y: usize, n: usize, p: v128, q: v128): void {
  for (; n >= 4; n -= 4) {
    v128.store(y, apply(op, v128.load(x), p, q));
    x += 16;
    y += 16;
  }
  if (n) storePart(y, apply(op, loadPart(x, n, 1), p, q), n);
}

export function unary(op: i32, x: usize, y: usize, p0: f32, q0: f32, first: usize, last: usize): void {
  x += first << 2;
  y += first << 2;
  const n = last - first, p = splat(p0), q = splat(q0);
  switch (op) {
    case 0: loop(0, x, y, n, p, q); break;
    case 1: loop(1, x, y, n, p, q); break;
    case 2: loop(2, x, y, n, p, q); break;
    case 3: loop(3, x, y, n, p, q); break;
    case 4: loop(4, x, y, n, p, q); break;
    case 5: loop(5, x, y, n, p, q); break;
    case 6: loop(6, x, y, n, p, q); break;
    case 7: loop(7, x, y, n, p, q); break;
    case 8: loop(8, x, y, n, p, q); break;
    case 9: loop(9, x, y, n, p, q); break;
    case 10: loop(10, x, y, n, p, q); break;
    case 11: loop(11, x, y, n, p, q); break;
    case 12: loop(12, x, y, n, p, q); break;
    case 13: loop(13, x, y, n, p, q); break;
    case 14: loop(14, x, y, n, p, q); break;
    case 15: loop(15, x, y, n, p, q); break;
    case 16: loop(16, x, y, n, p, q); break;
    case 17: loop(17, x, y, n, p, q); break;
    case 18: loop(18, x, y, n, p, q); break;
    case 19: loop(19, x, y, n, p, q); break;
    default: loop(20, x, y, n, p, q);
  }
}

/** y = gelu(x) and its slope, together; y and slope may be x. */
export function geluWithSlope(x: usize, y: usize, slope: usize, n: usize): void {
  for (; n >= 4; n -= 4) {
    const v = v128.load(x), m = f32x4.abs(v), bell = bell4(v), tail = tail4(m, bell);
    v128.store(slope, geluSlope4(v, m, tail, bell));
    v128.store(y, gelu4(v, m, tail));
    x += 16;
    y += 16;
    slope += 16;
  }
  if (n) {
    const v = loadPart(x, n, 0), m = f32x4.abs(v), bell = bell4(v), tail = tail4(m, bell);
    storePart(slope, geluSlope4(v, m, tail, bell), n);
    storePart(y, gelu4(v, m, tail), n);
  }
}
