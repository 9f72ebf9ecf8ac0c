import { describe, expect, it } from 'vitest';
import { toHalf, widened } from '../src/index.ts';

const f32 = (...numbers: number[]) => ({
  dtype: 'F32' as const,
  shape: [numbers.length],
  data: Float32Array.from(numbers),
});
const wordsOf = (...numbers: number[]) => toHalf({ x: f32(...numbers) }).x?.data as Uint16Array;
const numbersOf = (...words: number[]) =>
  widened({ x: { dtype: 'F16', shape: [words.length], data: Uint16Array.from(words) } }).x
    ?.data as Float32Array;

describe('half precision', () => {
  // IEEE 754, binary16: the format's table of examples, and ties.
  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [1 / 3, 0x3555],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [-1e9, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0],
    [1.0001 * 2 ** -25, 0x0001],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [-0, 0x8000],
    [Number.NaN, 0x7e00],
  ])('%f', (number, word) => {
    expect(wordsOf(number)[0]?.toString(16)).toBe(word.toString(16));
  });

  it('keeps every half, and rounds what lies between two to the nearer', () => {
    const words = Array.from({ length: 0x7bff }, (_, i) => i);
    const halves = numbersOf(...words);
    expect([...wordsOf(...halves)]).toEqual(words);
    const between = (share: number) =>
      Array.from(halves.subarray(1), (x, i) => (halves[i] as number) * (1 - share) + x * share);
    expect([...wordsOf(...between(0.25))]).toEqual(words.slice(0, -1));
    expect([...wordsOf(...between(0.75))]).toEqual(words.slice(1));
    // An exact middle goes to the even word.
    const even = words.slice(0, -1).map((word) => word + (word % 2));
    expect([...wordsOf(...between(0.5))]).toEqual(even);
  });

  it('leaves integers alone', () => {
    const named = { i: { dtype: 'I32' as const, shape: [1], data: Int32Array.of(3) } };
    expect(toHalf(named)).toEqual(named);
    expect(widened(named)).toEqual(named);
    const bf16 = { dtype: 'BF16' as const, shape: [1], data: Uint16Array.of(0x3fc0) };
    expect(widened({ bf16 }).bf16).toEqual(f32(1.5));
  });
});
