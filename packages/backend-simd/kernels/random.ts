// Normal numbers of a key: the same bits as `normal` of @twocan/core, which says where all of this is from
// (Threefry-2x32: Salmon et al., SC 2011; quantile: Wichura, AS 241). Only operations that IEEE 754 rounds
// exactly, in the same order; no fused multiply-add.

// @ts-expect-error: decorator
@inline
function turn(b: v128, by: i32): v128 {
  return v128.or(i32x4.shl(b, by), i32x4.shr_u(b, 32 - by));
}

/** Blocks of four counters from `first`: their first words, and 16 bytes further their second ones. */
function threefry4(hi: i32, lo: i32, first: i32, to: usize): void {
  const third: i32 = 0x1bd11bda ^ hi ^ lo;
  const counters = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let a = i32x4.add(counters, i32x4.splat(hi));
  let b = i32x4.splat(lo);
  for (let round: i32 = 0; round < 5; ++round) {
    const even = (round & 1) == 0;
    a = i32x4.add(a, b);
    b = v128.xor(turn(b, even ? 13 : 17), a);
    a = i32x4.add(a, b);
    b = v128.xor(turn(b, even ? 15 : 29), a);
    a = i32x4.add(a, b);
    b = v128.xor(turn(b, even ? 26 : 16), a);
    a = i32x4.add(a, b);
    b = v128.xor(turn(b, even ? 6 : 24), a);
    const phase = round % 3;
    const wordA = phase == 0 ? lo : phase == 1 ? third : hi;
    const wordB = phase == 0 ? third : phase == 1 ? hi : lo;
    a = i32x4.add(a, i32x4.splat(wordA));
    b = i32x4.add(b, i32x4.splat(wordB + round + 1));
  }
  v128.store(to, a);
  v128.store(to, b, 16);
}

/** One step of Horner's scheme. */
// @ts-expect-error: decorator
@inline
function step(sum: v128, x: v128, c: f64): v128 {
  return f64x2.add(f64x2.mul(sum, x), f64x2.splat(c));
}

/** z = q·P(r)/Q(r) for |q| up to 0.425, r = 0.180625 - q². */
// @ts-expect-error: decorator
@inline
function centre(q: v128): v128 {
  const r = f64x2.sub(f64x2.splat(0.180625), f64x2.mul(q, q));
  let p = f64x2.splat(2509.0809287301227);
  p = step(p, r, 33430.57558358813);
  p = step(p, r, 67265.7709270087);
  p = step(p, r, 45921.95393154987);
  p = step(p, r, 13731.69376550946);
  p = step(p, r, 1971.5909503065513);
  p = step(p, r, 133.14166789178438);
  p = step(p, r, 3.3871328727963665);
  let d = f64x2.splat(5226.495278852854);
  d = step(d, r, 28729.085735721943);
  d = step(d, r, 39307.89580009271);
  d = step(d, r, 21213.794301586597);
  d = step(d, r, 5394.196021424751);
  d = step(d, r, 687.1870074920579);
  d = step(d, r, 42.31333070160091);
  d = step(d, r, 1);
  return f64x2.div(f64x2.mul(q, p), d);
}

/** ln x for x in (0, ½]: halvings counted, then 2·artanh((m - 1)/(m + 1)) as a series. */
function naturalLog(x: f64): f64 {
  let mantissa = x;
  let halvings: f64 = 0;
  while (mantissa < 0.7071067811865476) {
    mantissa *= 2;
    halvings += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const squared = s * s;
  let sum: f64 = 0;
  for (let k: f64 = 23; k >= 1; k -= 2) sum = sum * squared + 1 / k;
  return 2 * s * sum - halvings * 0.6931471805599453;
}

/** The quantile of a probability below 0.075, given r = √-ln p: up to 4.79, for no word gives less than 2^-33. */
function tail(r: f64): f64 {
  const x = r - 1.6;
  let p: f64 = 0.0007745450142783414;
  p = p * x + 0.022723844989269184;
  p = p * x + 0.2417807251774506;
  p = p * x + 1.2704582524523684;
  p = p * x + 3.6478483247632045;
  p = p * x + 5.769497221460691;
  p = p * x + 4.630337846156546;
  p = p * x + 1.4234371107496835;
  let q: f64 = 1.0507500716444169e-9;
  q = q * x + 0.0005475938084995345;
  q = q * x + 0.015198666563616457;
  q = q * x + 0.14810397642748008;
  q = q * x + 0.6897673349851;
  q = q * x + 1.6763848301838038;
  q = q * x + 2.053191626637759;
  return p / (q * x + 1);
}

/** What `centre` gave, where it holds; else the tail. */
// @ts-expect-error: decorator
@inline
function quantile(p: f64, inner: f64): f64 {
  const q = p - 0.5;
  if (abs(q) <= 0.425) return inner;
  const z = tail(sqrt(-naturalLog(q < 0 ? p : 1 - p)));
  return q < 0 ? -z : z;
}

/** y (n numbers) = level · normal numbers of the key. */
function normals(hi: i32, lo: i32, level: f32, y: usize, n: usize, words: usize): void {
  const half = f64x2.splat(0.5);
  const unit = f64x2.splat(2.3283064365386963e-10); // 2^-32
  for (let i: usize = 0; i < n; i += 8) {
    threefry4(hi, lo, <i32>(i >> 1), words);
    // Counter j gives numbers 2j and 2j + 1: the lanes of a word of each.
    for (let j: usize = 0; j < 4 && i + 2 * j < n; ++j) {
      const pair = v128.load32_lane(words + (j << 2) + 16, v128.load32_zero(words + (j << 2)), 1);
      const p = f64x2.mul(f64x2.add(f64x2.convert_low_i32x4_u(pair), half), unit);
      const z = centre(f64x2.sub(p, half));
      const at = y + ((i + 2 * j) << 2);
      const first = quantile(f64x2.extract_lane(p, 0), f64x2.extract_lane(z, 0));
      store<f32>(at, level * <f32>first);
      if (i + 2 * j + 1 == n) return;
      const second = quantile(f64x2.extract_lane(p, 1), f64x2.extract_lane(z, 1));
      store<f32>(at, level * <f32>second, 4);
    }
  }
}

/** Rows `from` to `to` of y `[rows, n]`; `table` holds of each the key's two words and the level. */
export function normalRows(
  table: usize,
  y: usize,
  n: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  for (let r = from; r < to; ++r) {
    const row = table + r * 12;
    normals(load<i32>(row), load<i32>(row, 4), load<f32>(row, 8), y + ((r * n) << 2), n, scratch);
  }
}
