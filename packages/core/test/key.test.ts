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
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('threefry', () => {
  // Random123 1.x, kat_vectors: threefry2x32, 20 rounds.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])('key %j counter %j', ([hi = 0, lo = 0], [x0 = 0, x1 = 0], expected) => {
    expect(threefry({ hi, lo }, x0, x1)).toEqual(expected);
  });

  it('refuses words of more than 32 bits', () => {
    expect(() => threefry(key(0), 2 ** 32, 0)).toThrow(/^threefry: x0 must .*got 4294967296/);
    expect(() => threefry(key(0), 0, 2 ** 32)).toThrow(/^threefry: x1 must .*got 4294967296/);
  });
});

describe('keys', () => {
  it('are plain JSON', () => {
    const k = fold(key(7), 'mask');
    expect(JSON.parse(JSON.stringify(k))).toEqual(k);
  });

  it('refuse seeds that are not non-negative safe integers', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => key(seed)).toThrow(/^key: seed must be a non-negative safe integer/);
    }
  });

  it('fold to different children for different tags, names and parents', () => {
    const tags = [
      '',
      'a',
      'b',
      'ab',
      'ba',
      'a\0',
      'mask',
      'noise',
      'é',
      0,
      1,
      2,
      97,
      2 ** 32,
      2 ** 40,
    ];
    const children = [key(0), key(1)].flatMap((root) => tags.map((tag) => fold(root, tag)));
    expect(new Set(children.map((k) => JSON.stringify(k))).size).toBe(children.length);
  });

  it('do not fold by a negative number', () => {
    expect(() => fold(key(0), -1)).toThrow(/^fold: tag must .*got -1/);
  });

  it('split into prefixes of each other', () => {
    expect(split(key(3), 5).slice(0, 2)).toEqual(split(key(3), 2));
  });

  it('give sibling streams that are not correlated', () => {
    const n = 20_000;
    const [a, b] = [normal(fold(key(1), 'a'), n), normal(fold(key(1), 'b'), n)];
    let product = 0;
    for (let i = 0; i < n; i++) product += (a[i] ?? 0) * (b[i] ?? 0);
    expect(Math.abs(product / n)).toBeLessThan(4 / Math.sqrt(n));
  });
});

describe('draws', () => {
  it('start alike whatever their length', () => {
    expect(bits(key(5), 7)).toEqual(bits(key(5), 100).slice(0, 7));
  });

  it('uniform: moments and range', () => {
    const u = uniform(key(2), 100_000);
    const mean = u.reduce((s, x) => s + x, 0) / u.length;
    const variance = u.reduce((s, x) => s + (x - mean) ** 2, 0) / u.length;
    expect(Math.min(...u.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(u.every((x) => x < 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
  });

  it('normal: moments', () => {
    const z = normal(key(3), 200_000);
    const moment = (p: number): number => z.reduce((s, x) => s + x ** p, 0) / z.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.015);
    expect(Math.abs(moment(3))).toBeLessThan(0.04);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
  });

  // Python 3.11, an independent AS 241: statistics.NormalDist().inv_cdf((word + 0.5) / 2**32).
  it.each([
    [6572, 351072, -3.769643531489504],
    [643, 574905, -3.6446929414786187],
    [18121, 665634428, -1.015305581032059],
    [16457, 1938261575, -0.1224111854968996],
    [17328, 4294408514, 3.6520029327868446],
    [1582, 4294476096, 3.684966646803751],
  ])('normal: draw %i of seed 9 is the quantile of word %i', (index, word, quantile) => {
    expect(bits(key(9), 20_000)[index]).toBe(word);
    expect(normal(key(9), 20_000)[index]).toBe(Math.fround(quantile));
  });

  it('permutation holds each integer once, uniformInt stays in range', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        const order = permutation(key(seed), n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        const ints = uniformInt(key(seed), 20, n + 1);
        expect(ints.every((v) => v >= 0 && v <= n)).toBe(true);
      }),
    );
  });

  it('permutation visits every order equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = permutation(fold(key(11), i), 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });
});
