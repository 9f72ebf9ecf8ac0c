import { tidy } from '@tensorflow/tfjs-core';
import {
  type CanOptions,
  canForwardWith,
  canLossWith,
  drawCorruption,
  initCan,
  PAPER_NOISE,
  resolveCanConfig,
  silentDenoising,
} from '@twocan/can';
import { key } from '@twocan/core';
import { sampleLevel } from '@twocan/noise';
import { describeBackends, expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { images, small } from './fixture.ts';

type Noise = NonNullable<CanOptions['noise']>;
const noiseOf = (noise: Noise) => resolveCanConfig({ preset: 'micro32', noise }).noise;
const refusals = (noise: Noise): string[] => {
  try {
    noiseOf(noise);
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
  return [];
};

describe('choices about noise', () => {
  it("are left out of the config where they are the paper's", () => {
    const papers = noiseOf({});
    expect(papers).toEqual({ max: 0.05, embed: 'all', embedCls: false, scale: 1 });
    expect(noiseOf(PAPER_NOISE)).toEqual(papers);
    const others = { min: 0.01, levels: 'log-uniform', target: 'unit' } as const;
    expect(noiseOf(others)).toEqual({ ...papers, ...others });
  });

  it.each([
    [{ min: 0.1 }, ['- noise.min: must be a number from 0 to noise.max, 0.05, got 0.1']],
    [{ levels: 'log-uniform' }, ['- noise.min: must be positive for log-uniform levels, got 0']],
    [{ target: 'e' }, ["- noise.target: must be one of scaled, unit, got 'e'"]],
    [{ code: 3 }, ['- noise.code: must be a string, got 3']],
    [
      { weight: 'equal' },
      [
        '- noise.min: must be positive where weight is equal and target scaled: errors are divided by the level, got 0',
      ],
    ],
    [{ weight: 'equal', target: 'unit' }, []],
    [{ weight: 'equal', min: 0.01 }, []],
  ])('%o', (noise, expected) => {
    expect(refusals(noise as Noise)).toEqual(expected);
  });
});

describe('silentDenoising', () => {
  const cases: readonly Noise[] = [
    { max: 0.3 },
    { max: 0.5, min: 0.2 },
    { max: 0.5, min: 0.5 },
    { max: 1, min: 0.01, levels: 'log-uniform' },
    { max: 0.5, min: 0.5, levels: 'log-uniform' },
  ];

  it.each(cases)('is the mean squared level of those that are drawn: %o', (noise) => {
    const config = small({ noise });
    const { max = 0, min = 0, levels: spread = 'uniform' } = noise;
    const levels = sampleLevel(key(0), 40_000, { max, min, spread });
    const mean = levels.reduce((sum, level) => sum + level ** 2, 0) / levels.length;
    expectClose(silentDenoising(config), mean, { rtol: 0.02 });
  });

  it('is 1 where levels weigh alike', () => {
    expect(silentDenoising(small({ noise: { max: 9, target: 'unit', weight: 'equal' } }))).toBe(1);
  });
});

describeBackends('what the decoder gives', () => {
  const scaled = small({ noise: { max: 2, min: 0.1 } });
  const unit = small({ noise: { max: 2, min: 0.1, target: 'unit' } });

  it('is multiplied by the level at visible patches, and left as it is at hidden ones', () => {
    tidy(() => {
      const params = initCan(key(0), scaled);
      const batch = { views: [images(1, 2), images(2, 2)] };
      const draws = drawCorruption(key(3), scaled, batch);
      const of = (config: typeof scaled) => canForwardWith(config)(params, batch, draws);
      const plain = of(scaled).predictions?.dataSync() ?? new Float32Array();
      const expected = plain.map((value, i) => {
        const patch = Math.floor(i / 12);
        const { restore, kept } = draws.mask ?? { restore: [], kept: 0 };
        const level = draws.levels?.[Math.floor(patch / 16)] ?? Number.NaN;
        return (restore[patch] ?? 0) < kept ? value * level : value;
      });
      expectClose(of(unit).predictions?.dataSync() ?? [], expected, { rtol: 1e-6 });
    });
  });

  it('is compared with the noise, or with noise and prediction divided by the level', () => {
    tidy(() => {
      const params = initCan(key(0), scaled);
      const batch = { views: [images(1, 2), images(2, 2)] };
      const draws = drawCorruption(key(3), scaled, batch);
      const noises: readonly Noise[] = [
        { weight: 'variance' },
        { weight: 'equal' },
        { target: 'unit', weight: 'variance' },
        { target: 'unit', weight: 'equal' },
      ];
      for (const choice of noises) {
        const config = small({ noise: { max: 2, min: 0.1, ...choice } });
        const { predictions, noise } = canForwardWith(config)(params, batch, draws);
        const [p, e] = [predictions?.dataSync() ?? [], noise?.dataSync() ?? []];
        let [sum, count] = [0, 0];
        for (let i = 0; i < p.length; i++) {
          const patch = Math.floor(i / 12);
          if ((draws.mask?.restore[patch] ?? 99) >= (draws.mask?.kept ?? 0)) continue;
          const level = draws.levels?.[Math.floor(patch / 16)] ?? Number.NaN;
          const by = choice.weight === 'equal' ? level : 1;
          sum += (((p[i] ?? 0) - (e[i] ?? 0)) / by) ** 2;
          count++;
        }
        const { denoising } = canLossWith(config)(params, batch, draws).metrics ?? {};
        expectClose(denoising?.dataSync() ?? [], [sum / count], { rtol: 1e-5 });
      }
    });
  });
});
