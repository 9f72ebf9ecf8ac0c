import { abs, dispose, max, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  type CanOptions,
  type CanParams,
  canForward,
  canForwardWith,
  canLoss,
  canLossWith,
  canPictures,
  countFlops,
  countParameters,
  denoisingTerm,
  drawCorruption,
  initCan,
  methodCost,
  PAPER_NOISE,
  resolveCanConfig,
  silentDenoising,
  usesDecoder,
} from '@twocan/can';
import { disposeTree, key, namedLeaves, type Params, valueAndGrad } from '@twocan/core';
import { sampleLevel } from '@twocan/noise';
import { patchify } from '@twocan/patches';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
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
    [{ from: 'head' }, ["- noise.from: must be one of decoder, encoder, got 'head'"]],
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

describeBackends('noise predicted from the encoder', () => {
  const from = 'encoder' as const;
  const weights = { contrastive: 0.5, reconstruction: 0, denoising: 0.5 };
  const whole = small({ noise: { max: 2, from } });
  const alone = small({ noise: { max: 2, from }, weights });
  const batchOf = () => ({ views: [images(1, 2), images(2, 2)] });

  it('has a linear map, and a decoder only where pixels are predicted', () => {
    tidy(() => {
      const names = (config: typeof whole) => Object.keys(initCan(key(0), config)).sort();
      expect(names(whole)).toEqual(['decoder', 'denoiser', 'encoder', 'level', 'projector']);
      expect(names(alone)).toEqual(['denoiser', 'encoder', 'projector']);
      expect(usesDecoder(alone)).toBe(false);
      const numbers = (tree: object): number =>
        namedLeaves(tree as Params).reduce((sum, [, leaf]) => sum + (leaf as Tensor).size, 0);
      const counts = countParameters(methodCost(alone));
      const { encoder, denoiser = {}, ...rest } = initCan(key(0), alone);
      expect(counts.denoiser).toBe(numbers(denoiser));
      expect(counts.total).toBe(numbers({ encoder, denoiser, ...rest }));
      // 16 tokens, of which 8 are visible, of width 16; 12 values of a patch; two views.
      const without = countFlops({ ...methodCost(alone), denoiser: false }).forward;
      expect(countFlops(methodCost(alone)).forward - without).toBe(2 * 2 * 8 * 16 * 12);
    });
  });

  it('takes the predicted noise off visible patches, and leaves hidden ones blank without a decoder', () => {
    tidy(() => {
      const params = initCan(key(0), alone);
      const { forward, mask } = canForward(alone)(params, batchOf(), key(1));
      const { noisy, noisePredictions } = forward;
      if (!mask || !noisePredictions) throw new Error('all parts expected');
      const seen = patchify(noisy, 2).arraySync();
      const { output } = canPictures(alone, forward, mask);
      const expected = noisePredictions.arraySync().map((patches, b) =>
        patches.map((patch, t) => {
          const hidden = (mask.restore[b * 16 + t] ?? 0) >= mask.kept;
          if (hidden) expect(patch.every((value) => value === 0)).toBe(true);
          return patch.map((value, i) => (hidden ? 0 : (seen[b]?.[t]?.[i] ?? 0) - value));
        }),
      );
      expectClose(patchify(output, 2), expected.flat(2), { atol: 1e-5 });
    });
  });

  it('is learned through the encoder, and leaks nothing', () => {
    const params = initCan(key(0), alone);
    const batch = batchOf();
    const step = valueAndGrad(canLoss(alone, { terms: [{ ...denoisingTerm(alone), weight: 1 }] }));
    tidy(() => {
      const { grads } = step(
        { encoder: params.encoder, denoiser: params.denoiser } as CanParams,
        batch,
        { key: key(1) },
      );
      for (const [path, leaf] of namedLeaves(grads.encoder)) {
        if (path.startsWith('blocks'))
          expect(max(abs(leaf)).dataSync()[0], path).toBeGreaterThan(0);
      }
    });
    expectNoLeak(() => canForward(alone)(params, batch, key(1)).forward as never);
    expectNoLeak(() => canLoss(alone)(params, batch, { key: key(1) }) as never);
    dispose(batch.views);
    disposeTree(params as Params);
  });
});
