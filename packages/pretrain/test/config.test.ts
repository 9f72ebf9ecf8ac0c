import { resolveAugmentation } from '@twocan/data';
import { differences, resolveConfig, resolveModel } from '@twocan/pretrain';
import { describe, expect, it } from 'vitest';

/** Pixels from -1 to 1. */
const HALVES = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

describe('resolveConfig', () => {
  it('fills in the recipe of MAE and CAN', () => {
    const { optimizer, steps, batch, method, preset } = resolveConfig(
      { recipe: 'paper' },
      { length: 1000 },
    );
    expect([method, preset, batch]).toEqual(['can', 'micro32', 64]);
    expect(steps).toBe(100 * Math.floor(1000 / 64));
    expect(optimizer).toEqual({
      name: 'adamw',
      learningRate: (6e-3 * 64) / 256,
      minLearningRate: 0,
      warmupSteps: steps / 20,
      beta1: 0.9,
      beta2: 0.95,
      weightDecay: 0.05,
    });
  });

  it('takes a lower rate for a large preset', () => {
    const { optimizer } = resolveConfig({ preset: 's16', batch: 256 }, { length: 256 });
    expect(optimizer.learningRate).toBe(2.5e-4);
  });

  it('takes all images where they are fewer than a batch, and refuses a larger one', () => {
    expect(resolveConfig({}, { length: 5 }).batch).toBe(5);
    expect(() => resolveConfig({ batch: 6 }, { length: 5 })).toThrow(
      'resolveConfig: batch must be at most the 5 images of the data, got 6',
    );
  });

  it('warms up for as many epochs as are given, at most for the whole run', () => {
    const warmup = (warmupEpochs: number) =>
      resolveConfig({ epochs: 10, batch: 16, warmupEpochs }, { length: 64 }).optimizer.warmupSteps;
    expect([0, 2.5, 10].map(warmup)).toEqual([0, 10, 40]);
    expect(() => warmup(11)).toThrow(
      'warmupEpochs must be at most 10, the epochs of the run, got 11',
    );
  });

  it('lets steps win over epochs, and splits a run in five', () => {
    const config = resolveConfig({ epochs: 3, steps: 11 }, { length: 64 });
    expect([config.steps, config.checkpointEvery]).toEqual([11, 3]);
  });

  it.each([
    [{ lr: -1 }, 'lr must be a number of at least 0, got -1'],
    [{ epochs: 0 }, 'epochs must be a number above 0, got 0'],
    [{ steps: 1.5 }, 'steps must be a whole number of at least 1, got 1.5'],
    [{ pixels: 'grey' }, 'pixels must be one of normalized, raw, got "grey"'],
    [{ maskRatio: 2 }, 'maskRatio must be a number of at least 0 and below 1, got 2'],
    [{ mask: 0.5 }, 'unknown setting mask; did you mean maskRatio?'],
    [{ lr: -1, bacth: 8 }, /lr must .*\n.*unknown setting bacth; did you mean batch/],
  ])('refuses %o', (settings, message) => {
    expect(() => resolveConfig(settings as object, { length: 64 })).toThrow(message);
  });
});

describe('views', () => {
  const views = (settings: object) => resolveConfig(settings, { length: 64 }).augmentation;

  it("are the method's unless they are set", () => {
    expect(views({})).toEqual(resolveAugmentation(32));
    expect(views({ preset: 's16' })).toEqual(resolveAugmentation(224));
  });

  it("have SimCLR's colour distortion at strength 1", () => {
    // simclr/data_util.py, color_jitter: 0.8 s for brightness, contrast and saturation, 0.2 s for hue.
    const { brightness, contrast, saturation, hue, jitter } = views({ jitterStrength: 1 });
    expect([brightness, contrast, saturation, hue, jitter]).toEqual([0.8, 0.8, 0.8, 0.2, 0.8]);
    expect(views({ jitterStrength: 2.5 }).hue).toBe(0.5);
  });

  it('take shares and deviations as they are', () => {
    const set = views({ cropMin: 0.3, grey: 0, blur: 0.25, blurSigma: 7, solarize: 0.2 });
    expect(set).toEqual({
      ...resolveAugmentation(32),
      ...{ scale: [0.3, 1], grey: 0, blur: 0.25, sigma: [0.1, 7], solarize: 0.2 },
    });
  });
});

describe('resolveModel', () => {
  it('names what the method refuses by the settings that lead to it', () => {
    const resolve = (settings: object) => () => resolveModel({ recipe: 'paper', ...settings });
    expect(resolve({ imageSize: 33, sigmaMax: 0 })).toThrow(
      'resolveModel: imageSize must be divisible by the patch of 8, got 33\n' +
        'sigmaMax must be positive while the weight of denoising is above 0 (weights, method), got 0',
    );
    expect(resolve({ weights: [0, 0, 0] })).toThrow(
      'resolveModel: weights must not all be 0, got 0,0,0',
    );
  });

  it('takes noise levels in other units than deviations', () => {
    // The mean of ImageNet's deviations 0.229, 0.224 and 0.225.
    const deviation = 0.678 / 3;
    const levels = (sigmaUnit: string) =>
      resolveModel({ sigmaMax: 0.1, sigmaMin: 0.02, sigmaUnit } as object).noise;
    expect(levels('deviations')).toMatchObject({ max: 0.1, min: 0.02 });
    expect(levels('unit').max).toBeCloseTo(0.1 / deviation, 12);
    expect(levels('unit').min).toBeCloseTo(0.02 / deviation, 12);
    // From -1 to 1 is twice as wide as from 0 to 1.
    expect(levels('signed').max).toBeCloseTo(0.05 / deviation, 12);
    const start = { encoder: resolveModel({}).encoder, normalization: HALVES };
    expect(resolveModel({ sigmaMax: 0.1, sigmaUnit: 'signed' }, start).noise.max).toBe(0.1);
  });

  it("passes on choices about noise, and leaves the paper's out", () => {
    expect(resolveModel({}).noise).toEqual({ max: 0.05, embed: 'all', embedCls: false, scale: 1 });
    const chosen = {
      noiseLevels: 'log-uniform',
      noiseFrom: 'encoder',
      noiseTarget: 'unit',
      noiseWeight: 'equal',
    } as const;
    expect(resolveModel({ ...chosen, noiseCode: 'log', sigmaMin: 0.01 }).noise).toMatchObject({
      ...{ levels: 'log-uniform', from: 'encoder', target: 'unit', weight: 'equal' },
      ...{ code: 'log', min: 0.01 },
    });
    expect(() => resolveModel({ noiseLevels: 'log-uniform' })).toThrow(
      'resolveModel: sigmaMin must be positive for log-uniform levels, got 0',
    );
  });

  it('puts settings on top of preset and method', () => {
    const model = resolveModel({ method: 'mae', imageSize: 64, patch: 16, weights: [0, 3, 0] });
    expect(model.encoder.image).toEqual({ height: 64, width: 64 });
    expect([model.encoder.patch, model.views]).toEqual([16, 1]);
    expect(model.weights).toEqual({ contrastive: 0, reconstruction: 3, denoising: 0 });
  });
});

describe('differences', () => {
  it('names leaves by their path, on either side', () => {
    const before = { a: { b: 1, c: [1, 2] }, d: 'x', left: 1 };
    const now = { a: { b: 2, c: [1, 2] }, e: null, left: 2 };
    expect(differences(before, now, { without: ['left'], sides: ['then', 'today'] })).toEqual([
      ...['a.b: 1 then, 2 today', 'd: "x" then, absent today', 'e: absent then, null today'],
    ]);
    expect(differences(before, before)).toEqual([]);
  });
});
