import {
  type CanOptions,
  countFlops,
  countParameters,
  methodCost,
  reconstructionCaption,
  resolveCanConfig,
  weightsFromNested,
} from '@twocan/can';
import { presetNames } from '@twocan/vit';
import { expect, it } from 'vitest';

const problemsOf = (options: unknown): string[] => {
  try {
    resolveCanConfig(options as CanOptions);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
};

it('every preset and method resolves to plain JSON that resolves to itself', () => {
  for (const preset of presetNames) {
    for (const method of ['can', 'mae', 'simclr', 'contrastive-masked'] as const) {
      const config = resolveCanConfig({ preset, method });
      const copy = JSON.parse(JSON.stringify(config));
      expect(copy).toEqual(config);
      expect(resolveCanConfig(copy)).toEqual(config);
    }
  }
});

it('CAN has the defaults of the method', () => {
  const { encoder, decoder, ...rest } = resolveCanConfig({ preset: 'b16' });
  expect(encoder.width + decoder.width).toBe(768 + 512);
  expect(rest).toEqual({
    views: 2,
    maskRatio: 0.5,
    weights: { contrastive: 0.03, reconstruction: 0.67, denoising: 0.3 },
    temperature: 0.1,
    noise: { max: 0.05, embed: 'all', embedCls: false, scale: 1 },
    target: 'clean',
    normalizePixels: true,
    pool: 'patches',
    projector: { hidden: 4096, layers: 2, out: 128, batchNorm: true, statistics: 'both-views' },
  });
});

it('small presets have the light head, and a head can be named or adjusted', () => {
  const light = { hidden: 192, layers: 1, out: 128, batchNorm: false, statistics: 'both-views' };
  expect(resolveCanConfig({ preset: 'tiny32' }).projector).toEqual(light);
  expect(resolveCanConfig({ preset: 's16' }).projector.hidden).toBe(4096);
  expect(resolveCanConfig({ preset: 'b16', projector: 'light' }).projector.hidden).toBe(768);
  expect(resolveCanConfig({ preset: 'tiny32', projector: { out: 64 } }).projector).toEqual({
    ...light,
    out: 64,
  });
});

it('settings given win over the method, the method over the preset', () => {
  const config = resolveCanConfig({
    preset: 'tiny32',
    method: 'mae',
    maskRatio: 0.6,
    encoder: { depth: 2, image: { width: 48 } },
  });
  expect(config.maskRatio).toBe(0.6);
  expect(config.encoder.depth).toBe(2);
  expect(config.encoder.image).toEqual({ height: 32, width: 48 });
  expect(config.views).toBe(1);
});

it('reports every problem at once', () => {
  expect(
    problemsOf({
      preset: 'tiny32',
      maskRatio: 1.2,
      temperature: 0,
      weights: { contrastive: -1 },
      encoder: { patch: 5, heads: 5 },
      noise: { embed: 'some', sigma: 1 },
      colour: 'red',
    }),
  ).toEqual([
    'resolveCanConfig: 9 problems',
    '- colour: there is no such setting; the config has encoder, decoder, views, maskRatio, weights, temperature, noise, target, normalizePixels, pool',
    '- noise.sigma: there is no such setting; noise has max, embed, embedCls, scale, min, levels, code, from, target, weight',
    '- encoder.image.height: must be divisible by the patch of 5, got 32',
    '- encoder.image.width: must be divisible by the patch of 5, got 32',
    '- encoder.width: must be divisible by its 5 heads, got 192',
    '- maskRatio: must lie in [0, 1), got 1.2',
    '- weights.contrastive: must be a number ≥ 0, got -1',
    '- temperature: must be from 1e-6 to 1e30, got 0',
    "- noise.embed: must be one of all, visible, none, got 'some'",
  ]);
});

it('names what is missing without a preset, and a preset or method that does not exist', () => {
  expect(problemsOf({ encoder: { width: 192, heads: 3 } })).toEqual([
    'resolveCanConfig: 4 problems',
    ...['image.height', 'image.width', 'patch', 'depth'].map(
      (name) => `- encoder.${name}: is missing; give it, or a preset`,
    ),
  ]);
  const [title, preset, method] = problemsOf({ preset: 'huge', method: 'moco' });
  expect(title).toBe('resolveCanConfig: 2 problems');
  expect(preset).toMatch(/^- preset: no preset is called 'huge'; choose micro32, /);
  expect(method).toBe("- method: must be one of can, mae, simclr, contrastive-masked, got 'moco'");
});

it('refuses settings that contradict each other', () => {
  const one = (options: CanOptions) => problemsOf({ preset: 'tiny32', ...options })[1];
  expect(one({ views: 1 })).toBe('- views: must be 2 where weights.contrastive > 0, got 1');
  expect(one({ maskRatio: 0 })).toBe(
    '- maskRatio: must hide patches where weights.reconstruction > 0, got 0',
  );
  expect(one({ maskRatio: 0.99 })).toBe(
    '- maskRatio: must leave a visible patch out of 64, got 0.99',
  );
  expect(one({ noise: { max: 0 } })).toBe(
    '- noise.max: must be positive where weights.denoising > 0, got 0',
  );
  expect(one({ weights: { contrastive: 0, reconstruction: 0, denoising: 0 } })).toBe(
    '- weights: must not all be 0, got {"contrastive":0,"reconstruction":0,"denoising":0}',
  );
  expect(problemsOf({ preset: 'tiny32', maskRatio: '0.5' })[1]).toBe(
    '- maskRatio: must be a number, got "0.5"',
  );
  expect(problemsOf({ preset: 'tiny32', noise: 3 })[1]).toBe('- noise: must be an object, got 3');
  expect(problemsOf({ preset: 'tiny32', projector: 'huge' })[1]).toBe(
    "- projector: must be 'light' or 'large', got 'huge'",
  );
});

it('knows the nested weights of the authors’ code', () => {
  const { contrastive, reconstruction, denoising } = weightsFromNested();
  expect(contrastive).toBe(0.03);
  expect(reconstruction).toBeCloseTo(0.679, 12);
  expect(denoising).toBeCloseTo(0.291, 12);
});

it('costs what the paper says: SimCLR 1.71 times CAN for ViT-L', () => {
  const flops = (method: 'can' | 'simclr') =>
    countFlops(methodCost(resolveCanConfig({ preset: 'l16', method }))).forward;
  expect(flops('simclr') / flops('can')).toBeCloseTo(1.71, 2);
  const mae = countParameters(methodCost(resolveCanConfig({ preset: 'b16', method: 'mae' })));
  expect(mae.encoder + mae.decoder).toBe(85_647_360 + 26_008_320);
});

it('says which pictures borrow the statistics of the true patch', () => {
  const caption = (options: CanOptions) =>
    reconstructionCaption(resolveCanConfig({ preset: 'tiny32', ...options }));
  expect(caption({})).toContain('mean and contrast, which are those of the true patches');
  expect(caption({ normalizePixels: false })).not.toContain('true patches');
  expect(caption({ method: 'mae' })).toContain('visible patches are the input itself');
});
