// Four lanes of f32: the helpers that every kernel file uses.

/** a·b + c: one rounding where the machine has relaxed SIMD, two elsewhere. */
// @ts-ignore: decorator
@inline
export function fma(c: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

// @ts-ignore: decorator
@inline
export function minLanes(v: v128): f32 {
  return min(
    min(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    min(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** The 1 to 3 last floats of a row; the other lanes hold `fill`. */
// @ts-ignore: decorator
@inline
export function loadPart(p: usize, n: usize, fill: f32): v128 {
  let v = v128.load32_lane(p, f32x4.splat(fill), 0);
  if (n > 1) v = v128.load32_lane(p + 4, v, 1);
  if (n > 2) v = v128.load32_lane(p + 8, v, 2);
  return v;
}

// @ts-ignore: decorator
@inline
export function storePart(p: usize, v: v128, n: usize): void {
  v128.store32_lane(p, v, 0);
  if (n > 1) v128.store32_lane(p + 4, v, 1);
  if (n > 2) v128.store32_lane(p + 8, v, 2);
}

/** d[0..n) += s[0..n) */
export function addInto(d: usize, s: usize, n: usize): void {
  for (; n >= 4; n -= 4) {
    v128.store(d, f32x4.add(v128.load(d), v128.load(s)));
    d += 16;
    s += 16;
  }
  for (; n > 0; --n) {
    store<f32>(d, load<f32>(d) + load<f32>(s));
    d += 4;
    s += 4;
  }
}
