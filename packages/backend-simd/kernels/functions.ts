// Elementary functions of four lanes. All of them carry a NaN through.
import { fma, splat } from './lanes';

const LOG2E: f32 = 1.44269504;
// ln 2 in two parts, so that n·ln 2 is exact enough to subtract (Cody & Waite).
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** Adding and subtracting 1.5·2²³ rounds to the nearest integer. */
const ROUNDER: f32 = 12582912.0;

// e^r for |r| <= ln 2 / 2: the polynomial of Cephes' expf.
// @ts-ignore: decorator
@inline
function expReduced(r: v128): v128 {
  let p = splat(1.9875691500e-4);
  p = fma(splat(1.3981999507e-3), p, r);
  p = fma(splat(8.3334519073e-3), p, r);
  p = fma(splat(4.1665795894e-2), p, r);
  p = fma(splat(1.6666665459e-1), p, r);
  p = fma(splat(5.0000001201e-1), p, r);
  return f32x4.add(fma(r, f32x4.mul(r, r), p), splat(1));
}

/** e^x for x <= 0 (up to 88 it is right as well); 0 under -87.3. */
// @ts-ignore: decorator
@inline
export function expNegative(x0: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(x0, splat(88.0)), splat(-87.3));
  const t = fma(splat(ROUNDER), x, splat(LOG2E));
  const n = f32x4.sub(t, splat(ROUNDER));
  let r = fma(x, n, splat(-LN2_HIGH));
  r = fma(r, n, splat(-LN2_LOW));
  const scale = i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(expReduced(r), scale), f32x4.lt(x0, splat(-87.3)));
}

/** e^x for all x: infinite over 88.73, 0 under -103.9. */
// @ts-ignore: decorator
@inline
export function exp4(x0: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(x0, splat(89.5)), splat(-104.5));
  const t = fma(splat(ROUNDER), x, splat(LOG2E));
  const n = f32x4.sub(t, splat(ROUNDER));
  let r = fma(x, n, splat(-LN2_HIGH));
  r = fma(r, n, splat(-LN2_LOW));
  // 2^n as two factors: n may lie outside of what one exponent field holds.
  const whole = i32x4.sub(t, f32x4.splat(ROUNDER));
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23);
  return f32x4.mul(f32x4.mul(expReduced(r), first), second);
}

/** Natural logarithm (Cephes' logf): -infinity at 0, NaN below. */
// @ts-ignore: decorator
@inline
export function log4(x0: v128): v128 {
  // A denormal has no exponent of its own: scale it up by 2^23 first.
  const tiny = f32x4.lt(x0, splat(1.17549435e-38));
  const x = v128.bitselect(f32x4.mul(x0, splat(8388608)), x0, tiny);
  const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  let e = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  e = f32x4.sub(e, v128.and(splat(23), tiny));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, splat(1));
  const z = f32x4.mul(f, f);
  let p = splat(7.0376836292e-2);
  p = fma(splat(-1.1514610310e-1), p, f);
  p = fma(splat(1.1676998740e-1), p, f);
  p = fma(splat(-1.2420140846e-1), p, f);
  p = fma(splat(1.4249322787e-1), p, f);
  p = fma(splat(-1.6668057665e-1), p, f);
  p = fma(splat(2.0000714765e-1), p, f);
  p = fma(splat(-2.4999993993e-1), p, f);
  p = fma(splat(3.3333331174e-1), p, f);
  let y = f32x4.mul(f32x4.mul(f, z), p);
  y = fma(y, e, splat(LN2_LOW));
  y = fma(y, z, splat(-0.5));
  y = f32x4.add(f, y);
  y = fma(y, e, splat(LN2_HIGH));
  y = v128.bitselect(splat(-Infinity), y, f32x4.eq(x0, splat(0)));
  y = v128.bitselect(x0, y, f32x4.eq(x0, splat(Infinity)));
  // Negative numbers and NaN are what is neither >= 0.
  return v128.bitselect(y, splat(NaN), f32x4.ge(x0, splat(0)));
}

/** The error function: a rational minimax on [-4, 4], as Eigen's. */
// @ts-ignore: decorator
@inline
export function erf4(a: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(a, splat(4)), splat(-4));
  const z = f32x4.mul(x, x);
  let p = splat(-2.72614225801306e-10);
  p = fma(splat(2.77068142495902e-8), p, z);
  p = fma(splat(-2.10102402082508e-6), p, z);
  p = fma(splat(-5.69250639462346e-5), p, z);
  p = fma(splat(-7.34990630326855e-4), p, z);
  p = fma(splat(-2.95459980854025e-3), p, z);
  p = fma(splat(-1.60960333262415e-2), p, z);
  let q = splat(-1.45660718464996e-5);
  q = fma(splat(-2.13374055278905e-4), q, z);
  q = fma(splat(-1.68282697438203e-3), q, z);
  q = fma(splat(-7.37332916720468e-3), q, z);
  q = fma(splat(-1.42647390514189e-2), q, z);
  return f32x4.div(f32x4.mul(x, p), q);
}

/** Hyperbolic tangent: a polynomial near 0 (Cephes), else from e^-2|x|. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const m = f32x4.abs(x);
  const e = expNegative(f32x4.mul(splat(-2), m));
  const far = f32x4.div(f32x4.sub(splat(1), e), f32x4.add(splat(1), e));
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000)));
  const z = f32x4.mul(x, x);
  let p = splat(-5.70498872745e-3);
  p = fma(splat(2.06390887954e-2), p, z);
  p = fma(splat(-5.37397155531e-2), p, z);
  p = fma(splat(1.33314422036e-1), p, z);
  p = fma(splat(-3.33332819422e-1), p, z);
  const near = fma(x, f32x4.mul(z, p), x);
  return v128.bitselect(signed, near, f32x4.gt(m, splat(0.625)));
}

// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), exp4(f32x4.neg(x))));
}

/** e^(-x²/2), the normal density without its factor. */
// @ts-ignore: decorator
@inline
export function bell4(x: v128): v128 {
  return expNegative(f32x4.mul(f32x4.mul(x, x), splat(-0.5)));
}

/**
 * The normal tail 1 - Φ(m) for m >= 0 where e^(-m²/2) is at hand: Abramowitz & Stegun 7.1.26, absolute
 * error below 7.5e-8 and vanishing with the tail, unlike that of the error function.
 */
// @ts-ignore: decorator
@inline
export function tail4(m: v128, bell: v128): v128 {
  const t = f32x4.div(splat(4.31701795), f32x4.add(m, splat(4.31701795)));
  let p = splat(0.5307027145);
  p = fma(splat(-0.7265760135), p, t);
  p = fma(splat(0.7107068705), p, t);
  p = fma(splat(-0.142248368), p, t);
  p = fma(splat(0.127414796), p, t);
  return f32x4.mul(f32x4.mul(p, t), bell);
}

/** GELU, x·Φ(x), from the tail at |x|. */
// @ts-ignore: decorator
@inline
export function gelu4(x: v128, m: v128, tail: v128): v128 {
  return f32x4.sub(f32x4.pmax(x, splat(0)), f32x4.mul(m, tail));
}

/** The slope of GELU, Φ(x) + x·φ(x): at -m it is the tail minus m·φ(m), at m it is 1 minus that. */
// @ts-ignore: decorator
@inline
export function geluSlope4(x: v128, m: v128, tail: v128, bell: v128): v128 {
  const atMinus = f32x4.sub(tail, f32x4.mul(f32x4.mul(m, bell), splat(0.3989422804)));
  return v128.bitselect(atMinus, f32x4.sub(splat(1), atMinus), f32x4.lt(x, splat(0)));
}
