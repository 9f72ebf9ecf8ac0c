import {
  bits,
  fold,
  key,
  normal,
  permutation,
  split,
  threefry,
  uniform,
  uniformInt,
} from '@twocan/core';
import { describe, expect, it } from 'vitest';

// Computed in Python 3.11 by a Threefry-2x32-20 of its own, which gives Random123's vectors: names are absorbed
// as UTF-16LE words with the last counter word 0x80000002, closed by their length with 0x80000004; numbers with
// 0x80000001, after their upper word with 0x80000003 where that is not 0.
describe('children of key(7)', () => {
  it.each([
    ['', 0xa9e293d9, 0xc339cc07],
    ['mask', 0xf058691e, 0x46280bd6],
    ['noise', 0x0e3d8538, 0x83e1047f],
    ['é→😀x', 0xd651fc10, 0x2b7ba9a0],
    [0, 0xff9f45e1, 0x4761179a],
    [7, 0xea6cf5f7, 0x841c8207],
    [2 ** 32 + 5, 0x3c96c13e, 0x901b3947],
    [2 ** 53 - 1, 0x51e2da93, 0xb8bac8da],
  ])('by %j', (tag, hi, lo) => {
    expect(fold(key(7), tag)).toEqual({ hi, lo });
  });

  it('are those of both words of the parent', () => {
    expect(fold({ hi: 1, lo: 2 }, 'mask')).toEqual({ hi: 0x088900cd, lo: 0x832e636a });
  });

  it('by a number out of range are refused as a seed is', () => {
    for (const tag of [-1, 0.5, 2 ** 53]) expect(() => fold(key(7), tag)).toThrow(RangeError);
  });

  it('are split by number', () => {
    expect(split(key(7), 3)).toEqual([0, 1, 2].map((i) => fold(key(7), i)));
    expect(split(key(7), 0)).toEqual([]);
  });
});

describe('key', () => {
  it('holds a seed in two words, the lower 32 bits in the second', () => {
    expect(key(0)).toEqual({ hi: 0, lo: 0 });
    expect(key(2 ** 32 + 5)).toEqual({ hi: 1, lo: 5 });
    expect(key(2 ** 53 - 1)).toEqual({ hi: 2 ** 21 - 1, lo: 2 ** 32 - 1 });
  });

  it('names the seed that it refuses', () => {
    expect(() => key(-1)).toThrow('key: seed must be a non-negative safe integer, got -1');
  });
});

// The same Python: eight words of key(7), and what the definitions make of them.
const WORDS = [
  0xd817648b, 0x74864d80, 0x6d18d948, 0xe7c3ce30, 0xa6847f6e, 0x0ee10bb3, 0x9bd2f903, 0x68faa5c8,
];

describe('draws of key(7)', () => {
  it('are the blocks of the counters 0, 1, …, whatever their number', () => {
    for (const count of [0, 1, 2, 3, 7, 8]) {
      expect([...bits(key(7), count)]).toEqual(WORDS.slice(0, count));
    }
    expect(threefry(key(7), 3, 0)).toEqual(WORDS.slice(6));
  });

  it('uniform: the upper 24 bits of a word over 2²⁴', () => {
    const upper = [14161764, 7636557, 7149785, 15188942, 10912895, 975115, 10212089, 6879909];
    expect([...uniform(key(7), 8)]).toEqual(upper.map((u) => u / 2 ** 24));
  });

  it('uniformInt: ⌊word·bound/2³²⌋, up to the largest bound', () => {
    expect([...uniformInt(key(7), 8, 10)]).toEqual([8, 4, 4, 9, 6, 0, 6, 4]);
    expect([...uniformInt(key(7), 3, 1)]).toEqual([0, 0, 0]);
    expect([...uniformInt(key(7), 3, 2 ** 31)]).toEqual([1812705861, 977479360, 915172516]);
    for (const bound of [0, -1, 1.5, 2 ** 31 + 1, Number.NaN]) {
      expect(() => uniformInt(key(7), 1, bound)).toThrow(
        /^uniformInt: bound must be (a positive integer|at most)/,
      );
    }
  });

  it('permutation: Fisher and Yates from the last place down, place i by word i', () => {
    expect([...permutation(key(7), 0)]).toEqual([]);
    expect([...permutation(key(7), 1)]).toEqual([0]);
    expect([...permutation(key(7), 2)]).toEqual([1, 0]);
    expect([...permutation(key(7), 5)]).toEqual([2, 0, 1, 4, 3]);
    expect([...permutation(key(7), 7)]).toEqual([2, 5, 1, 6, 3, 0, 4]);
  });

  it('normal: symmetric, so that both halves of the words give the same sizes', () => {
    const z = normal(key(7), 20_000);
    const below = z.filter((v) => v < 0).length;
    expect(Math.abs(below - 10_000)).toBeLessThan(4 * Math.sqrt(5000));
  });
});
