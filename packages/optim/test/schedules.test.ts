import { ones } from '@tensorflow/tfjs-core';
import { describeBackends } from '@twocan/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constant,
  decayMatrices,
  layerDecay,
  scaledLearningRate,
  spare,
  warmupCosine,
} from '../src/index.ts';

describe('schedules', () => {
  it('give the published numbers of a warm-up cosine', () => {
    const rate = warmupCosine({ base: 1e-3, warmup: 40, total: 800 });
    for (const [epoch, value] of [
      [0, 0],
      [10, 2.5e-4],
      [40, 1e-3],
      [420, 5e-4],
      [800, 0],
      [900, 0],
    ] as const) {
      expect(rate(epoch)).toBeCloseTo(value, 12);
    }
  });

  it('rise, then fall, between min and base', () => {
    const whole = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(whole, whole, whole, (a, b, step) => {
        const [warmup, total] = [Math.min(a, b), Math.max(a, b) + 1];
        const rate = warmupCosine({ base: 1, warmup, total, min: 0.1 });
        expect(rate(step)).toBeLessThanOrEqual(1);
        if (step < warmup) expect(rate(step)).toBeLessThan(rate(step + 1));
        else expect(rate(step)).toBeGreaterThanOrEqual(rate(step + 1));
        if (step >= warmup) expect(rate(step)).toBeGreaterThanOrEqual(0.1);
        expect(rate(total)).toBe(0.1);
      }),
    );
  });

  it('stay constant and scale with the batch', () => {
    expect(constant(0.3)(1e9)).toBe(0.3);
    expect(scaledLearningRate(2.5e-4, 1024)).toBe(1e-3);
  });

  it('refuse what makes no sense', () => {
    expect(() => warmupCosine({ base: -1, warmup: 0, total: 1 })).toThrow(
      /base must be at least 0/,
    );
    expect(() => warmupCosine({ base: 1, warmup: 2, total: 1 })).toThrow(/lie in \[0, total 1\]/);
    expect(() => warmupCosine({ base: 1, warmup: 0, total: 0 })).toThrow(/total/);
    expect(() => scaledLearningRate(1, 0)).toThrow(/batch/);
  });
});

describeBackends('rules by path', () => {
  it('decay kernels and tokens, not biases and norms', () => {
    for (const [shape, decays] of [
      [[4], false],
      [[4, 4], true],
      [[1, 1, 4], true],
    ] as const) {
      const leaf = ones([...shape]);
      expect(decayMatrices('', leaf)).toBe(decays);
      leaf.dispose();
    }
    const token = ones([1, 1, 4]);
    const rule = spare(/\/cls$/g);
    expect([rule('encoder/cls', token), rule('encoder/cls', token)]).toEqual([false, false]);
    expect(rule('decoder/mask', token)).toBe(true);
    token.dispose();
  });

  it('scale rates by depth as the reference code', () => {
    const scale = layerDecay({ depth: 12, decay: 0.65 });
    expect(scale('encoder/cls')).toBeCloseTo(0.65 ** 13, 12);
    expect(scale('encoder/patch/kernel')).toBeCloseTo(0.65 ** 13, 12);
    expect(scale('encoder/blocks/0/norm1/scale')).toBeCloseTo(0.65 ** 12, 12);
    expect(scale('encoder/blocks/11/mlp/out/kernel')).toBe(0.65);
    expect(scale('encoder/norm/scale')).toBe(1);
    expect(scale('head/kernel')).toBe(1);
    expect(() => layerDecay({ depth: 0, decay: 0.5 })).toThrow(/depth/);
    expect(() => layerDecay({ depth: 2, decay: 0 })).toThrow(/decay must lie in \(0, 1\]/);
  });
});
