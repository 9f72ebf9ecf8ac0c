import { expectInteger } from './check.ts';
import { type Key, words } from './key.ts';

/**
 * Uniform numbers in [0, 1) with 24 random bits: exact in float32 on every platform.
 *
 * @param from the key
 * @param count how many
 * @returns `[count]`
 * @throws TypeError for what is no key, RangeError for a count that is not whole
 * @example
 * uniform(key(1), 3);
 */
export function uniform(from: Key, count: number): Float32Array {
  return mapWords(words('uniform', from, count), (word) => (word >>> 8) * 2 ** -24);
}

/**
 * Standard normal numbers, the same bits on every platform.
 *
 * z = Φ⁻¹((w + ½)/2³²): the quantile of one 32-bit word, computed only with operations that IEEE
 * 754 rounds exactly (no `Math.log` or `Math.cos`, whose last bits differ between engines).
 *
 * @param from the key
 * @param count how many
 * @returns `[count]`
 * @throws TypeError for what is no key, RangeError for a count that is not whole
 * @example
 * normal(key(1), 3);
 *
 * Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988 (PPND16).
 */
export function normal(from: Key, count: number): Float32Array {
  return mapWords(words('normal', from, count), (word) => normalQuantile((word + 0.5) * 2 ** -32));
}

/** A plain loop: `Float32Array.from` with a function takes three times as long. */
function mapWords(drawn: Uint32Array, f: (word: number) => number): Float32Array {
  const values = new Float32Array(drawn.length);
  for (let i = 0; i < drawn.length; i++) values[i] = f(drawn[i] as number);
  return values;
}

/**
 * Integers in [0, bound), by fixed-point multiplication of a 32-bit word (bias below bound/2³²).
 *
 * @param from the key
 * @param count how many
 * @param bound exclusive upper bound, 1 to 2^31
 * @returns `[count]`
 * @throws RangeError if the bound is out of range
 * @example
 * uniformInt(key(1), 5, 10);
 */
export function uniformInt(from: Key, count: number, bound: number): Int32Array {
  expectInteger('uniformInt', 'bound', bound, 1, 2 ** 31);
  return Int32Array.from(words('uniformInt', from, count), (word) =>
    Math.floor((word * bound) / 2 ** 32),
  );
}

/**
 * A random order of 0 … count-1 (Fisher–Yates).
 *
 * @param from the key
 * @param count how many
 * @returns `[count]`, each integer once
 * @throws TypeError for what is no key, RangeError for a count that is not whole
 * @example
 * permutation(key(1), 4);
 */
export function permutation(from: Key, count: number): Int32Array {
  const drawn = words('permutation', from, count);
  const order = new Int32Array(count).map((_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(((drawn[i] ?? 0) * (i + 1)) / 2 ** 32);
    const held = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = held;
  }
  return order;
}

type Coefficients = readonly [number, number, number, number, number, number, number, number];

/** A polynomial of degree 7, without a loop: this is most of the time of {@link normal}. */
const polynomial = (c: Coefficients, x: number): number =>
  ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];

const CENTRE_P: Coefficients = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const CENTRE_Q: Coefficients = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const TAIL_P: Coefficients = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const TAIL_Q: Coefficients = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
  0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
];
/** Without AS 241's third branch, for r above 5: no word gives less than 2⁻³³, which is r = 4.79. */
function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_P, r)) / polynomial(CENTRE_Q, r);
  }
  const r = Math.sqrt(-naturalLog(q < 0 ? p : 1 - p));
  const z = polynomial(TAIL_P, r - 1.6) / polynomial(TAIL_Q, r - 1.6);
  return q < 0 ? -z : z;
}

/** ln x for x in (0, 1]: halvings counted exactly, then 2·artanh((m-1)/(m+1)) as a series. */
function naturalLog(x: number): number {
  let mantissa = x;
  let halvings = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    halvings++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const squared = s * s;
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = sum * squared + 1 / k;
  return 2 * s * sum - halvings * Math.LN2;
}
