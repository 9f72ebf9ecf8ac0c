// Four floats at a time: the arithmetic that every other file is made of.

/** a·b + c; one rounding where the platform has relaxed SIMD, else two. */
// @ts-expect-error: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

// @ts-expect-error: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** The sum of the lanes. */
// @ts-expect-error: decorator
@inline
export function lanesSum(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The largest lane. */
// @ts-expect-error: decorator
@inline
export function lanesMax(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** Loads n < 4 floats; the other lanes are `fill`. Never reads past them. */
// @ts-expect-error: decorator
@inline
export function loadPart(at: usize, n: usize, fill: f32): v128 {
  let v = v128.load32_lane(at, splat(fill), 0);
  if (n > 1) v = v128.load32_lane(at + 4, v, 1);
  if (n > 2) v = v128.load32_lane(at + 8, v, 2);
  return v;
}

/** Stores the first n < 4 lanes. */
// @ts-expect-error: decorator
@inline
export function storePart(at: usize, v: v128, n: usize): void {
  v128.store32_lane(at, v, 0);
  if (n > 1) v128.store32_lane(at + 4, v, 1);
  if (n > 2) v128.store32_lane(at + 8, v, 2);
}

/** Floats c to c + 4 of a row of n; those beyond it are 0. */
// @ts-expect-error: decorator
@inline
export function getUpTo(at: usize, c: usize, n: usize): v128 {
  return c + 4 <= n ? v128.load(at + (c << 2)) : loadPart(at + (c << 2), n - c, 0);
}

/** Stores floats c to c + 4 of a row of n, without those beyond it. */
// @ts-expect-error: decorator
@inline
export function putUpTo(at: usize, c: usize, n: usize, v: v128): void {
  if (c + 4 <= n) v128.store(at + (c << 2), v);
  else storePart(at + (c << 2), v, n - c);
}

/** Bits of `yes` where the mask is set, of `no` elsewhere. */
// @ts-expect-error: decorator
@inline
export function choose(mask: v128, yes: v128, no: v128): v128 {
  return v128.bitselect(yes, no, mask);
}

// Adding 1.5·2^23 rounds to an integer, which is then the lowest bits.
const ROUNDER: f32 = 12582912.0;

/** x / ln 2, rounded, in the lowest bits. */
// @ts-expect-error: decorator
@inline
function powerOf(x: v128): v128 {
  return fma(x, splat(1.44269504), splat(ROUNDER));
}

/** e^r for what is left of x without its powers of two: Cephes expf (Moshier), relative error 2e-7. */
// @ts-expect-error: decorator
@inline
function expOfRest(x: v128, power: v128): v128 {
  const n = f32x4.sub(power, splat(ROUNDER));
  let r = fma(n, splat(-0.693359375), x);
  r = fma(n, splat(2.1219444e-4), r);
  let p = splat(1.98756915e-4);
  p = fma(p, r, splat(1.3981999507e-3));
  p = fma(p, r, splat(8.3334519073e-3));
  p = fma(p, r, splat(4.1665795894e-2));
  p = fma(p, r, splat(1.6666665459e-1));
  p = fma(p, r, splat(5.0000001201e-1));
  return f32x4.add(fma(p, f32x4.mul(r, r), r), splat(1));
}

/** e^x for |x| below 87; outside, results are clamped to e^±87.3, and NaN stays. */
// @ts-expect-error: decorator
@inline
export function expClamped(given: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(given, splat(88.0)), splat(-87.3));
  const power = powerOf(x);
  const factor = i32x4.add(i32x4.shl(power, 23), i32x4.splat(0x3f800000));
  return f32x4.mul(expOfRest(x, power), factor);
}

/**
 * e^x for all x: infinity over 88.72, denormals and 0 under -87.3. The power of two comes in two factors:
 * between 88 and 88.72 one exponent field does not hold it.
 */
// @ts-expect-error: decorator
@inline
export function exp(given: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(given, splat(89.5)), splat(-104.5));
  const shifted = powerOf(x);
  const power = i32x4.sub(shifted, splat(ROUNDER));
  const half = i32x4.shr_s(power, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(power, half), i32x4.splat(127)), 23);
  return f32x4.mul(f32x4.mul(expOfRest(x, shifted), first), second);
}

/** ln x: Cephes logf, relative error 1e-7; -infinity at 0, NaN below. */
// @ts-expect-error: decorator
@inline
export function log(x: v128): v128 {
  // Denormals are scaled up first.
  const tiny = f32x4.lt(x, splat(1.17549435e-38));
  const scaled = choose(tiny, f32x4.mul(x, splat(8388608.0)), x);
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3)); // √½: the mantissa lies around 1
  let e = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  e = f32x4.sub(e, v128.and(tiny, splat(23)));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, splat(1));
  const z = f32x4.mul(f, f);
  let p = splat(7.0376836292e-2);
  p = fma(p, f, splat(-1.151461031e-1));
  p = fma(p, f, splat(1.1676998740e-1));
  p = fma(p, f, splat(-1.2420140846e-1));
  p = fma(p, f, splat(1.4249322787e-1));
  p = fma(p, f, splat(-1.6668057665e-1));
  p = fma(p, f, splat(2.0000714765e-1));
  p = fma(p, f, splat(-2.4999993993e-1));
  p = fma(p, f, splat(3.3333331174e-1));
  p = f32x4.mul(p, f32x4.mul(f, z));
  p = fma(e, splat(-2.12194440e-4), p);
  p = fma(z, splat(-0.5), p);
  const inside = fma(e, splat(0.693359375), f32x4.add(f, p));
  const zero = choose(f32x4.eq(x, splat(0)), splat(-Infinity), inside);
  const infinite = choose(f32x4.eq(x, splat(Infinity)), splat(Infinity), zero);
  // Negative and NaN alike: the comparison is false for NaN.
  return choose(f32x4.ge(x, splat(0)), infinite, splat(NaN));
}

/** erf x as a quotient of polynomials on [-4, 4] (Eigen's), absolute error 3e-7. */
// @ts-expect-error: decorator
@inline
export function erf(given: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(given, splat(4)), splat(-4));
  const s = f32x4.mul(x, x);
  let p = splat(-2.72614225801306e-10);
  p = fma(p, s, splat(2.77068142495902e-8));
  p = fma(p, s, splat(-2.10102402082508e-6));
  p = fma(p, s, splat(-5.69250639462346e-5));
  p = fma(p, s, splat(-7.3499063032686e-4));
  p = fma(p, s, splat(-2.9545998085403e-3));
  p = fma(p, s, splat(-1.60960333262415e-2));
  let q = splat(-1.45660718464996e-5);
  q = fma(q, s, splat(-2.13374055278905e-4));
  q = fma(q, s, splat(-1.68282697438203e-3));
  q = fma(q, s, splat(-7.37332916720468e-3));
  q = fma(q, s, splat(-1.42647390514189e-2));
  return f32x4.div(f32x4.mul(x, p), q);
}

/** 1 / (1 + e^-x). */
// @ts-expect-error: decorator
@inline
export function sigmoid(x: v128): v128 {
  // Of -|x|, so that the exponential stays below 1; the other half is the complement.
  const e = expClamped(f32x4.neg(f32x4.abs(x)));
  const small = f32x4.div(e, f32x4.add(splat(1), e));
  return choose(f32x4.lt(x, splat(0)), small, f32x4.sub(splat(1), small));
}

/** tanh x; x itself where it is small, so that no digit is lost. */
// @ts-expect-error: decorator
@inline
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const e = expClamped(f32x4.mul(splat(-2), size));
  const far = f32x4.div(f32x4.sub(splat(1), e), f32x4.add(splat(1), e));
  // x - x³/3 + 2x⁵/15 - 17x⁷/315, below 0.125.
  const s = f32x4.mul(x, x);
  let p = splat(-17.0 / 315.0);
  p = fma(p, s, splat(2.0 / 15.0));
  p = fma(p, s, splat(-1.0 / 3.0));
  const near = fma(f32x4.mul(p, s), size, size);
  const y = choose(f32x4.lt(size, splat(0.125)), near, far);
  return v128.or(y, v128.and(x, i32x4.splat(0x80000000)));
}

const DENSITY_AT_0: f32 = 0.3989422804;
const TAIL_SCALE: f32 = 4.3170085; // √2 / 0.3275911

/** e^(-x²/2). */
// @ts-ignore: decorator
@inline
export function bellCurve(x: v128): v128 {
  return expClamped(f32x4.mul(f32x4.mul(x, x), splat(-0.5)));
}

/**
 * 1 - Φ(m) for m ≥ 0, given e^(-m²/2): Abramowitz & Stegun 7.1.26, absolute error 7.5e-8, and as small
 * as the tail itself far out.
 */
// @ts-ignore: decorator
@inline
export function normalTail(m: v128, bell: v128): v128 {
  const t = f32x4.div(splat(TAIL_SCALE), f32x4.add(m, splat(TAIL_SCALE)));
  let p = splat(0.5307027145);
  p = fma(p, t, splat(-0.7265760135));
  p = fma(p, t, splat(0.7107068705));
  p = fma(p, t, splat(-0.142248368));
  p = fma(p, t, splat(0.127414796));
  return f32x4.mul(f32x4.mul(p, t), bell);
}

/** x·φ(x) for x ≥ 0, given e^(-x²/2). */
// @ts-ignore: decorator
@inline
export function densityTimes(x: v128, bell: v128): v128 {
  return f32x4.mul(f32x4.mul(x, splat(DENSITY_AT_0)), bell);
}
