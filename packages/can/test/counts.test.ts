import { countFlops, countParameters, type HeadCost, type MethodCost } from '@twocan/can';
import { preset, presetNames } from '@twocan/vit';
import { describe, expect, it } from 'vitest';

const head: HeadCost = { hidden: 4096, layers: 2, out: 128, batchNorm: true };
const decoder = { width: 512, depth: 8, heads: 16, mlpRatio: 4 } as const;
type Name = 'ti16' | 's16' | 'b16' | 'l16';

const can = (name: Name, change: Partial<MethodCost> = {}): MethodCost => ({
  encoder: preset(name).encoder,
  decoder,
  head,
  level: true,
  levelCode: 128,
  views: 2,
  maskRatio: 0.5,
  ...change,
});
const mae = (name: Name): MethodCost => ({
  encoder: preset(name).encoder,
  decoder,
  views: 1,
  maskRatio: 0.75,
});
const simclr = (name: Name): MethodCost => ({
  encoder: preset(name).encoder,
  head,
  views: 2,
  maskRatio: 0,
});
const giga = (cost: MethodCost): number => countFlops(cost).forward / 1e9;

describe('countFlops', () => {
  // Forward GFLOPs for an image of 224 px, and their ratios, as worked out for the method.
  it.each([
    ['b16', 56.5, 70.3, 19.6, 1.25, 2.89],
    ['l16', 143.8, 246.3, 41.5, 1.71, 3.47],
    ['s16', 30.6, 18.5, 13.0, 0.6, 2.35],
    ['ti16', 23.9, 5.1, 11.3, 0.21, 2.11],
  ] as const)('%s: CAN %d, SimCLR %d, MAE %d', (name, ofCan, ofSimclr, ofMae, overCan, overMae) => {
    expect(giga(can(name))).toBeCloseTo(ofCan, 1);
    expect(giga(simclr(name))).toBeCloseTo(ofSimclr, 1);
    expect(giga(mae(name))).toBeCloseTo(ofMae, 1);
    expect(giga(simclr(name)) / giga(can(name))).toBeCloseTo(overCan, 2);
    expect(giga(can(name)) / giga(mae(name))).toBeCloseTo(overMae, 2);
  });

  it('reproduces the claim that SimCLR costs 70 % more than CAN for ViT-L', () => {
    expect(giga(simclr('l16')) / giga(can('l16'))).toBeCloseTo(1.712, 3);
  });

  it.each([
    [1, 512, 1.96],
    [4, 512, 1.85],
    [12, 512, 1.6],
    [8, 256, 1.92],
    [8, 768, 1.45],
  ])('ViT-L with a decoder of %d blocks of %d: ratio %d', (depth, width, ratio) => {
    const cost = can('l16', { decoder: { ...decoder, depth, width } });
    expect(giga(simclr('l16')) / giga(cost)).toBeCloseTo(ratio, 2);
  });

  it.each([
    [0, 0.92],
    [0.25, 1.2],
    [0.65, 2.31],
    [0.75, 2.96],
    [0.9, 5.31],
  ])('ViT-L at mask ratio %d: ratio %d', (maskRatio, ratio) => {
    expect(giga(simclr('l16')) / giga(can('l16', { maskRatio }))).toBeCloseTo(ratio, 2);
  });
});

describe('countParameters', () => {
  it.each([
    ['ti16', 5_486_592, 25_713_408],
    ['s16', 21_590_016, 25_811_712],
    ['b16', 85_647_360, 26_008_320],
    ['l16', 303_099_904, 26_139_392],
  ] as const)('%s: encoder %d, decoder of 8 x 512 %d', (name, encoder, ofDecoder) => {
    const counts = countParameters(can(name));
    expect([counts.encoder, counts.decoder]).toEqual([encoder, ofDecoder]);
  });

  it('counts heads and the level code', () => {
    // The published figures count biases that the following batch norm cancels; ours has none.
    const cancelled = 2 * 4096;
    expect(countParameters(can('b16')).head + cancelled).toBe(20_471_936);
    expect(countParameters(can('l16')).head + cancelled).toBe(21_520_512);
    const light = (hidden: number): HeadCost => ({ hidden, layers: 1, out: 128, batchNorm: false });
    expect(countParameters(can('b16', { head: light(768) })).head).toBe(689_024);
    expect(countParameters(can('l16', { head: light(1024) })).head).toBe(1_180_800);
    expect(countParameters(can('b16')).level).toBe(689_664);
  });
});

describe('preset', () => {
  it('gives plain JSON whose widths fit heads and positions', () => {
    for (const name of presetNames) {
      const { encoder, decoder: light } = preset(name);
      expect(JSON.parse(JSON.stringify(preset(name)))).toEqual(preset(name));
      for (const { width, heads } of [encoder, light])
        expect([width % heads, width % 4]).toEqual([0, 0]);
      expect(encoder.image.height % encoder.patch).toBe(0);
    }
  });

  it('names the presets when asked for an unknown one', () => {
    expect(() => preset('huge' as 'b16')).toThrow(
      /no preset is called 'huge'; choose micro32, micro32p4/,
    );
  });
});
