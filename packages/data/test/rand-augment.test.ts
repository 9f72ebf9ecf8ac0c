import { fold, key } from '@twocan/core';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../src/index.ts';
import { sampleOperations } from '../src/rand-augment.ts';
import { moments } from './moments.ts';

const many = (magnitude: number): Operation[] =>
  Array.from({ length: 6000 }, (_, i) =>
    sampleOperations(fold(key(5), i), { operations: 2, magnitude }),
  ).flat();

const amountsOf = (operations: readonly Operation[], kind: Operation['kind']): number[] =>
  operations.filter((operation) => operation.kind === kind).map(({ amount }) => amount);

describe('sampleOperations', () => {
  it('comes with probability one half, each of fifteen kinds alike', () => {
    const operations = many(9);
    // Five deviations of a count.
    expect(Math.abs(operations.length / 12_000 - 0.5)).toBeLessThan(0.023);
    const counts = new Map<string, number>();
    for (const { kind } of operations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    expect(counts.size).toBe(15);
    for (const count of counts.values()) {
      expect(Math.abs(count / operations.length - 1 / 15)).toBeLessThan(0.017);
    }
  });

  // Ends of the ranges that timm's "increasing" operations have at magnitude 10.
  it.each([
    ['rotate', -30, 30],
    ['shearX', -0.3, 0.3],
    ['shearY', -0.3, 0.3],
    ['translateX', -0.45, 0.45],
    ['translateY', -0.45, 0.45],
    ['sharpness', 0.1, 1.9],
    ['contrast', 0.1, 1.9],
    ['solarizeAdd', 0, 110 / 255],
    ['solarize', 0, 1],
    ['posterize', 0, 4],
  ] as const)('%s goes from %d to %d', (kind, low, high) => {
    const amounts = [...amountsOf(many(10), kind), ...amountsOf(many(0), kind)];
    expect(Math.min(...amounts)).toBeCloseTo(low, 10);
    expect(Math.max(...amounts)).toBeCloseTo(high, 10);
  });

  it('draws the magnitude from N(9, ½), to both sides alike', () => {
    const levels = amountsOf(many(9), 'rotate').map((degrees) => degrees / 3);
    const { mean, variance } = moments(levels.map(Math.abs));
    // Cut off at 10, two deviations up: the mean of what is left falls by 0.0042, the variance by 5 %.
    expect(Math.abs(mean - 9)).toBeLessThan(0.13);
    expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(0.35);
    const left = levels.filter((level) => level < 0).length / levels.length;
    expect(Math.abs(left - 0.5)).toBeLessThan(0.13);
  });
});
