// Functions of one or two numbers, element by element. Which function is a code, constant in each copy
// of a loop, so that the compiler leaves one straight loop for each. The codes are the places of the
// names in packages/engine's src/kernels/unary.ts and src/kernels/binary.ts.

import {
  bellCurve,
  choose,
  densityTimes,
  erf,
  exp,
  fma,
  loadPart,
  log,
  normalTail,
  sigmoid,
  splat,
  storePart,
  tanh,
} from './vector';

/** One of the functions of one number; `p` and `q` are its parameters. */
// @ts-expect-error: decorator
@inline
function unary(code: i32, x: v128, p: v128, q: v128): v128 {
  const zero = splat(0);
  if (code == 0) return f32x4.neg(x);
  if (code == 1) return f32x4.abs(x);
  if (code == 2) return f32x4.mul(x, x);
  if (code == 3) return f32x4.sqrt(x);
  if (code == 4) return f32x4.div(splat(1), f32x4.sqrt(x));
  if (code == 5) return f32x4.div(splat(1), x);
  if (code == 6) return exp(x);
  if (code == 7) return log(x);
  if (code == 8) return tanh(x);
  if (code == 9) return sigmoid(x);
  if (code == 10) return erf(x);
  // Relu, Relu6: NaN stays, since a comparison with it is false.
  if (code == 11) return choose(f32x4.lt(x, zero), zero, x);
  if (code == 12) return f32x4.min(choose(f32x4.lt(x, zero), zero, x), splat(6));
  if (code == 13) return choose(f32x4.lt(x, zero), f32x4.sub(exp(x), splat(1)), x);
  if (code == 14) return choose(f32x4.lt(x, zero), f32x4.mul(x, p), x);
  if (code == 15) {
    const stepped = choose(f32x4.gt(x, zero), splat(1), p);
    return choose(f32x4.eq(x, x), stepped, x);
  }
  if (code == 16) return choose(f32x4.gt(x, q), q, choose(f32x4.lt(x, p), p, x));
  if (code == 17) {
    const negative = choose(f32x4.lt(x, zero), splat(-1), zero);
    return choose(f32x4.gt(x, zero), splat(1), negative);
  }
  if (code == 18) return f32x4.floor(x);
  if (code == 19) return f32x4.ceil(x);
  return fma(x, p, q); // 20: a line
}

// @ts-expect-error: decorator
@inline
function unaryLoop(code: i32, x: usize, y: usize, n: usize, p: f32, q: f32): void {
  const vp = splat(p);
  const vq = splat(q);
  for (; n >= 4; n -= 4) {
    v128.store(y, unary(code, v128.load(x), vp, vq));
    x += 16;
    y += 16;
  }
  if (n > 0) storePart(y, unary(code, loadPart(x, n, 1), vp, vq), n);
}

/** y = f(x) for n floats. */
export function unaryKernel(code: i32, x: usize, y: usize, n: usize, p: f32, q: f32): void {
  switch (code) {
    case 0: unaryLoop(0, x, y, n, p, q); break;
    case 1: unaryLoop(1, x, y, n, p, q); break;
    case 2: unaryLoop(2, x, y, n, p, q); break;
    case 3: unaryLoop(3, x, y, n, p, q); break;
    case 4: unaryLoop(4, x, y, n, p, q); break;
    case 5: unaryLoop(5, x, y, n, p, q); break;
    case 6: unaryLoop(6, x, y, n, p, q); break;
    case 7: unaryLoop(7, x, y, n, p, q); break;
    case 8: unaryLoop(8, x, y, n, p, q); break;
    case 9: unaryLoop(9, x, y, n, p, q); break;
    case 10: unaryLoop(10, x, y, n, p, q); break;
    case 11: unaryLoop(11, x, y, n, p, q); break;
    case 12: unaryLoop(12, x, y, n, p, q); break;
    case 13: unaryLoop(13, x, y, n, p, q); break;
    case 14: unaryLoop(14, x, y, n, p, q); break;
    case 15: unaryLoop(15, x, y, n, p, q); break;
    case 16: unaryLoop(16, x, y, n, p, q); break;
    case 17: unaryLoop(17, x, y, n, p, q); break;
    case 18: unaryLoop(18, x, y, n, p, q); break;
    case 19: unaryLoop(19, x, y, n, p, q); break;
    default: unaryLoop(20, x, y, n, p, q);
  }
}

/** One of the functions of two numbers. */
// @ts-expect-error: decorator
@inline
function binary(code: i32, a: v128, b: v128): v128 {
  if (code == 0) return f32x4.add(a, b);
  if (code == 1) return f32x4.sub(a, b);
  if (code == 2) return f32x4.mul(a, b);
  if (code == 3) return f32x4.div(a, b);
  if (code == 4) return f32x4.max(a, b);
  if (code == 5) return f32x4.min(a, b);
  const d = f32x4.sub(a, b); // 6: squared difference
  return f32x4.mul(d, d);
}

/** Both sides advance by their step: 1, or 0 for a side that is one number. */
// @ts-expect-error: decorator
@inline
function binaryLoop(
  code: i32,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  y: usize,
  n: usize,
): void {
  if (stepA != 0 && stepB != 0) {
    for (; n >= 4; n -= 4) {
      v128.store(y, binary(code, v128.load(a), v128.load(b)));
      a += 16;
      b += 16;
      y += 16;
    }
    if (n > 0) storePart(y, binary(code, loadPart(a, n, 1), loadPart(b, n, 1)), n);
  } else if (stepA != 0) {
    const right = v128.load_splat<f32>(b);
    for (; n >= 4; n -= 4) {
      v128.store(y, binary(code, v128.load(a), right));
      a += 16;
      y += 16;
    }
    if (n > 0) storePart(y, binary(code, loadPart(a, n, 1), right), n);
  } else {
    const left = v128.load_splat<f32>(a);
    for (; n >= 4; n -= 4) {
      v128.store(y, binary(code, left, stepB != 0 ? v128.load(b) : v128.load_splat<f32>(b)));
      b += stepB << 4;
      y += 16;
    }
    if (n > 0) {
      storePart(y, binary(code, left, stepB != 0 ? loadPart(b, n, 1) : v128.load_splat<f32>(b)), n);
    }
  }
}

/** y = f(a, b) for n floats. */
export function binaryKernel(
  code: i32,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  y: usize,
  n: usize,
): void {
  switch (code) {
    case 0: binaryLoop(0, a, stepA, b, stepB, y, n); break;
    case 1: binaryLoop(1, a, stepA, b, stepB, y, n); break;
    case 2: binaryLoop(2, a, stepA, b, stepB, y, n); break;
    case 3: binaryLoop(3, a, stepA, b, stepB, y, n); break;
    case 4: binaryLoop(4, a, stepA, b, stepB, y, n); break;
    case 5: binaryLoop(5, a, stepA, b, stepB, y, n); break;
    default: binaryLoop(6, a, stepA, b, stepB, y, n);
  }
}

/** Rows of a broadcast: row r of y is at (r / d1, r % d1) of both sides, whose strides are in floats. */
export function binaryRows(
  code: i32,
  a: usize,
  a0: usize,
  a1: usize,
  stepA: usize,
  b: usize,
  b0: usize,
  b1: usize,
  stepB: usize,
  y: usize,
  d1: usize,
  n: usize,
  from: usize,
  to: usize,
): void {
  for (let r = from; r < to; ++r) {
    const i = r / d1;
    const j = r % d1;
    binaryKernel(
      code,
      a + ((i * a0 + j * a1) << 2),
      stepA,
      b + ((i * b0 + j * b1) << 2),
      stepB,
      y + ((r * n) << 2),
      n,
    );
  }
}

/**
 * Replaces n numbers by their GELU, x·Φ(x), and writes its derivative, Φ(x) + x·φ(x), to a second place.
 *
 * Both come from e^(-x²/2) and the tail 1 - Φ(|x|), each computed once.
 */
export function geluInPlace(z: usize, derivative: usize, n: usize): void {
  for (; n >= 4; n -= 4) {
    const x = v128.load(z);
    const m = f32x4.abs(x);
    const bell = bellCurve(x);
    const tail = normalTail(m, bell);
    v128.store(z, gelu(x, m, tail));
    v128.store(derivative, geluDerivative(x, m, bell, tail));
    z += 16;
    derivative += 16;
  }
  if (n > 0) {
    const x = loadPart(z, n, 0);
    const m = f32x4.abs(x);
    const bell = bellCurve(x);
    const tail = normalTail(m, bell);
    storePart(z, gelu(x, m, tail), n);
    storePart(derivative, geluDerivative(x, m, bell, tail), n);
  }
}

// @ts-ignore: decorator
@inline
function gelu(x: v128, m: v128, tail: v128): v128 {
  return f32x4.sub(f32x4.pmax(splat(0), x), f32x4.mul(m, tail));
}

// @ts-ignore: decorator
@inline
function geluDerivative(x: v128, m: v128, bell: v128, tail: v128): v128 {
  // At -m; at m it is 1 minus that.
  const atMinus = f32x4.sub(tail, densityTimes(m, bell));
  return choose(f32x4.lt(x, splat(0)), atMinus, f32x4.sub(splat(1), atMinus));
}

/** Selects by a byte each: y = c ? a : b. */
export function selectKernel(c: usize, a: usize, b: usize, y: usize, n: usize): void {
  for (let i: usize = 0; i < n; ++i) {
    const from = load<u8>(c + i) ? a : b;
    store<f32>(y + (i << 2), load<f32>(from + (i << 2)));
  }
}
