import {
  dispose,
  ones,
  reshape,
  slice,
  sub,
  type Tensor2D,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { fold, key, normal } from '@twocan/core';
import { initDense } from '@twocan/nn';
import {
  addNoise,
  encodeLevel,
  initLevelMlp,
  levelMlp,
  sampleLevel,
  sampleNoise,
} from '@twocan/noise';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';

describe('sampleLevel', () => {
  it('is uniform in [0, max) and does not depend on the size of the batch', () => {
    const levels = sampleLevel(key(0), 5000, { max: 0.05 });
    expect(levels.every((s) => s >= 0 && s < 0.05)).toBe(true);
    const mean = levels.reduce((sum, s) => sum + s, 0) / levels.length;
    expect(Math.abs(mean - 0.025)).toBeLessThan(0.001);
    expect(sampleLevel(key(0), 3, { max: 0.05 })).toEqual(levels.slice(0, 3));
  });

  it('takes the largest maximum', () => {
    expect(sampleLevel(key(0), 1, { max: 1e30 })[0]).toBeLessThan(1e30);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses max %d', (max) => {
    expect(() => sampleLevel(key(0), 1, { max })).toThrow(
      /^sampleLevel: max must be a number from 0/,
    );
  });
});

describe('levels from a smallest one on', () => {
  const near = (got: number, want: number, within: number): void =>
    expect(Math.abs(got - want)).toBeLessThan(within);
  const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;

  it('are uniform in [min, max)', () => {
    const levels = sampleLevel(key(0), 5000, { min: 0.02, max: 0.05 });
    expect(levels.every((s) => s >= 0.0199999 && s < 0.05)).toBe(true);
    near(mean(levels), 0.035, 0.001);
    expect([...sampleLevel(key(0), 3, { min: 0.2, max: 0.2 })]).toEqual(
      Array(3).fill(Math.fround(0.2)),
    );
  });

  it('are log-uniform: as many in each decade, with the mean of that distribution', () => {
    const [min, max] = [0.001, 1];
    const levels = sampleLevel(key(0), 20_000, { min, max, spread: 'log-uniform' });
    for (const from of [0.001, 0.01, 0.1]) {
      near(mean(levels.map((s) => Number(s >= from && s < 10 * from))), 1 / 3, 0.02);
    }
    near(mean(levels), (max - min) / Math.log(max / min), 0.01);
  });

  it.each([
    [{ max: 0.1, min: 0.2 }, 'sampleLevel: min must lie in [0, 0.1], got 0.2'],
    [{ max: 0.1, min: -1 }, 'sampleLevel: min must lie in [0, 0.1], got -1'],
    [
      { max: 1, spread: 'log-uniform' },
      'min must be above 0 where the spread is log-uniform, got 0',
    ],
    [{ max: 1, spread: 'normal' }, 'sampleLevel: spread must be uniform or log-uniform, got '],
  ])('refuse %o', (range, message) => {
    expect(() => sampleLevel(key(0), 1, range as never)).toThrow(message);
  });
});

describe('noise levels at their ends', () => {
  it('have a logarithm at 0: that of a millionth', () => {
    const code = (level: number) =>
      encodeLevel(Float32Array.of(level), { width: 4, of: 'log', scale: 0.1 });
    expectClose(code(0), code(1e-6));
    expect(() => encodeLevel(Float32Array.of(0), { width: 4, of: 'ln' as never })).toThrow(
      'encodeLevel: of must be level or log, got ',
    );
  });

  it('allow a σ_max of 0: no noise at all', () => {
    expect([...sampleLevel(key(0), 3, { max: 0 })]).toEqual([0, 0, 0]);
  });

  it.each([2, 3, 4.5, 7, Number.NaN])('refuse a code of width %d', (width) => {
    expect(() => encodeLevel(Float32Array.of(0), { width })).toThrow(/^encodeLevel: width must be/);
  });

  it('code the smallest width: one frequency of 1, one of 1/10000', () => {
    const [slow, fast] = [0.7 / 10_000, 0.7];
    expectClose(encodeLevel(Float32Array.of(0.7), { width: 4 }), [
      Math.sin(fast),
      Math.sin(slow),
      Math.cos(fast),
      Math.cos(slow),
    ]);
  });
});

describeBackends('addNoise', () => {
  const images = (): Tensor4D => tensor4d(normal(key(9), 2 * 16 * 16 * 3), [2, 16, 16, 3]);

  it('adds σ·e: the noise scales with the level, and its size is the level', () => {
    const levels = Float32Array.of(0.05, 0.2);
    const x = images();
    const { noisy, noise } = addNoise(key(1), x, levels);
    expectClose(sub(noisy, x), noise, { atol: 1e-6 });
    const deviation = (b: number): number => {
      const part = noise.dataSync<'float32'>().slice(b * 768, (b + 1) * 768);
      return Math.sqrt(part.reduce((sum, e) => sum + e * e, 0) / 768);
    };
    expect(deviation(0) / 0.05).toBeCloseTo(1, 1);
    expect(deviation(1) / 0.2).toBeCloseTo(1, 1);
    const doubled = addNoise(
      key(1),
      x,
      levels.map((s) => 2 * s),
    ).noise;
    expectClose(
      doubled,
      noise.dataSync().map((e) => 2 * e),
      { rtol: 1e-6, atol: 0 },
    );
  });

  it('draws the noise of an image from its place, whatever the batch', () => {
    const [one, two] = [images(), images()];
    const whole = addNoise(key(1), two, Float32Array.of(1, 1)).noise.dataSync();
    const first = slice(one, [0, 0, 0, 0], [1, -1, -1, -1]);
    const alone = addNoise(key(1), first, Float32Array.of(1)).noise.dataSync();
    expectClose(alone, whole.slice(0, 768), { rtol: 0, atol: 0 });
    expectClose(whole.slice(768), normal(fold(key(1), 1), 768), { rtol: 0, atol: 0 });
  });

  it('adds what sampleNoise draws, bit by bit', () => {
    const [x, levels] = [images(), Float32Array.of(0.1, 0.2)];
    const { noisy, noise } = addNoise(key(1), x, levels);
    const alone = sampleNoise(key(1), x, levels);
    expect(alone.shape).toEqual(x.shape);
    expect([...alone.dataSync()]).toEqual([...noise.dataSync()]);
    expectNoLeak(() => sampleNoise(key(1), x, levels));
    expect(() => sampleNoise(key(1), x, Float32Array.of(1))).toThrow(
      'sampleNoise: levels must hold',
    );
    dispose([x, noisy, noise, alone]);
  });

  it('refuses what is no batch of images', () => {
    const flat = reshape(images(), [2, 16, 48]) as never;
    expect(() => addNoise(key(1), flat, Float32Array.of(1, 1))).toThrow(
      'addNoise: images must have 4 dimensions, got shape [2, 16, 48]',
    );
  });

  it('leaks nothing and checks the number of levels', () => {
    const x = images();
    expectNoLeak(() => addNoise(key(1), x, Float32Array.of(0.1, 0.1)));
    expect(() => addNoise(key(1), x, Float32Array.of(0.1))).toThrow(
      /one σ for each of 2 images, got 1/,
    );
  });
});

describeBackends('encodeLevel', () => {
  it('is the sinusoidal code of diffusion models', () => {
    expectClose(
      encodeLevel(Float32Array.of(0.03), { width: 8 }),
      [0.0299955, 0.0013925, 0.0000646, 0.000003, 0.99955, 0.999999, 1, 1],
      { atol: 1e-6 },
    );
    const code = encodeLevel(Float32Array.of(0.05), { width: 128 }).dataSync();
    expectClose(code.slice(0, 3), [0.0499792, 0.043186, 0.0373151], { atol: 1e-6 });
    expectClose(code.slice(61, 67), [6.7e-6, 5.8e-6, 5e-6, 0.9987503, 0.9990671, 0.9993035], {
      atol: 1e-6,
    });
  });

  it('barely moves with σ at scale 1 and moves a lot at scale 1000', () => {
    const distance = (scale: number): number => {
      const [a, b] = [0, 0.05].map((s) =>
        encodeLevel(Float32Array.of(s), { width: 768, scale }).dataSync(),
      ) as [Float32Array, Float32Array];
      const norm = Math.sqrt(768 / 2);
      return Math.hypot(...a.map((x, i) => x - (b[i] ?? 0))) / norm;
    };
    // The published code's conditioning: 1.2 % of the norm, against 99 %.
    expect(distance(1)).toBeCloseTo(0.012, 3);
    expect(distance(1000)).toBeCloseTo(0.99, 1);
  });

  it('refuses codes of more numbers than a tensor holds, and a scale that is not finite', () => {
    expect(() => encodeLevel(new Float32Array(2), { width: 2 ** 30 })).toThrow(
      'encodeLevel: width times levels must be at most 2147483647, got 2147483648',
    );
    expect(() => encodeLevel(Float32Array.of(0), { width: 8, scale: Infinity })).toThrow(
      'encodeLevel: scale must be finite, got Infinity',
    );
  });

  it('refuses odd widths', () => {
    expect(() => encodeLevel(Float32Array.of(0), { width: 7 })).toThrow(
      /even and at least 4, got 7/,
    );
  });
});

describeBackends('levelMlp', () => {
  it('draws both layers, each by a key of its name', () => {
    const { hidden, out } = initLevelMlp(key(2), { width: 6 });
    for (const layer of [hidden, out]) {
      expect([layer.kernel.shape, layer.bias.shape]).toEqual([[6, 6], [6]]);
    }
    expect(hidden.kernel.dataSync()).not.toEqual(out.kernel.dataSync());
    const again = initDense(fold(key(2), 'hidden'), { in: 6, out: 6 });
    expectClose(again.kernel, hidden.kernel, { rtol: 0, atol: 0 });
    const last = initDense(fold(key(2), 'out'), { in: 6, out: 6 });
    expectClose(last.kernel, out.kernel, { rtol: 0, atol: 0 });
  });

  it('has the gradient of central differences and leaks nothing', () => {
    const params = initLevelMlp(key(2), { width: 6 });
    const code = encodeLevel(Float32Array.of(0.1, 0.4), { width: 6, scale: 30 });
    checkGradient((x) => levelMlp(params, x as Tensor2D), [code]);
    expectNoLeak(() => levelMlp(params, code));
    expectNoLeak(() => encodeLevel(Float32Array.of(0.1), { width: 6 }));
    expect(() => levelMlp(params, ones([6]) as never)).toThrow(
      'levelMlp: code must have 2 dimensions, got shape [6]',
    );
    expectNoLeak(() => initLevelMlp(fold(key(2), 'again'), { width: 6 }) as never);
  });
});
