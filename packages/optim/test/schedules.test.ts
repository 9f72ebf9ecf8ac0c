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

  it('start at base without a warm-up, and may be all warm-up', () => {
    expect(warmupCosine({ base: 3, warmup: 0, total: 1, min: 2 })(0)).toBe(3);
    const rising = warmupCosine({ base: 3, warmup: 4, total: 4, min: 2 });
    expect([0, 1, 2, 3, 4, 5].map(rising)).toEqual([0, 0.75, 1.5, 2.25, 2, 2]);
  });

  it('may be 0, and then stay so', () => {
    const rate = warmupCosine({ base: 0, warmup: 1, total: 3, min: 0 });
    expect([0, 1, 2, 3].map(rate)).toEqual([0, 0, 0, 0]);
  });

  it('stay constant and scale with the batch', () => {
    expect(constant(0.3)(1e9)).toBe(0.3);
    expect(scaledLearningRate(2.5e-4, 1024)).toBe(1e-3);
  });

  it('refuse what makes no sense', () => {
    const fine = { base: 1, warmup: 1, total: 2 };
    for (const [wrong, name] of [
      [{ base: -1 }, 'base'],
      [{ base: Number.NaN }, 'base'],
      [{ min: -0.1 }, 'min'],
      [{ total: 0, warmup: 0 }, 'total'],
      [{ warmup: -1 }, 'warmup'],
      [{ warmup: 3 }, 'warmup'],
    ] as const) {
      expect(() => warmupCosine({ ...fine, ...wrong })).toThrow(`warmupCosine: ${name} must `);
    }
    expect(() => warmupCosine({ ...fine, warmup: 3 })).toThrow(/lie in \[0, total 2\], got 3/);
    expect(() => scaledLearningRate(1, 0)).toThrow(
      'scaledLearningRate: batch must be positive, got 0',
    );
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
    expect(spare(/CLS$/i)('encoder/cls', token)).toBe(false);
    // A sticky pattern would look at the start of the path only.
    expect(spare(/cls$/y)('encoder/cls', token)).toBe(false);
    token.dispose();
    const bias = ones([4]);
    expect(spare(/cls/)('head/bias', bias)).toBe(false);
    expect(spare(/cls/, () => true)('head/bias', bias)).toBe(true);
    expect(spare(/bias/, () => true)('head/bias', bias)).toBe(false);
    bias.dispose();
  });

  it('scale rates by depth as the reference code', () => {
    const scale = layerDecay({ depth: 12, decay: 0.65, layerOf: Number });
    expect(scale('0')).toBeCloseTo(0.65 ** 13, 12);
    expect(scale('1')).toBeCloseTo(0.65 ** 12, 12);
    expect(scale('12')).toBe(0.65);
    expect(scale('13')).toBe(1);
  });

  it('take one block and no decay, and refuse less', () => {
    expect(layerDecay({ depth: 1, decay: 1, layerOf: Number })('0')).toBe(1);
    for (const [depth, decay, name] of [
      [0, 0.5, 'depth'],
      [1.5, 0.5, 'depth'],
      [2, 0, 'decay'],
      [2, 1.01, 'decay'],
    ] as const) {
      const make = () => layerDecay({ depth, decay, layerOf: Number });
      expect(make).toThrow(`layerDecay: ${name} must `);
    }
    const refused = (depth: number, decay: number) => () =>
      layerDecay({ depth, decay, layerOf: Number });
    expect(refused(0, 1)).toThrow('be a positive integer, got 0');
    expect(refused(1, 2)).toThrow('lie in (0, 1], got 2');
  });

  it.each(['-1', '4', '1.5', 'cls'])('refuse the layer %s', (path) => {
    const scale = layerDecay({ depth: 2, decay: 0.5, layerOf: Number });
    expect(() => scale(path)).toThrow(`layerDecay: the layer of '${path}' must `);
  });
});
