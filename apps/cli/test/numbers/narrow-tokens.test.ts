import { resolveCanConfig } from '@twocan/can';
import { preset, presetNames } from '@twocan/vit';
import { expect, it } from 'vitest';
import { narrowTokens } from '../../src/pretrain/narrow-tokens.ts';

const note = (options: object) => narrowTokens(resolveCanConfig(options));

it('patches that fit, and methods that predict no noise, need no note', () => {
  for (const name of ['micro32p4', 'mini32', 'mini64']) {
    expect(note({ preset: name })).toBeUndefined();
  }
  expect(note({ preset: 'micro32', encoder: { patch: 4 } })).toBeUndefined();
  expect(note({ preset: 'micro32', method: 'mae' })).toBeUndefined();
});

it('the narrower of encoder and decoder counts', () => {
  // 3 values for each of 8 times 8 pixels.
  expect(note({ preset: 'tiny64' })).toMatch(
    /8 px has 192 values, and a token 128 .* below 33% .*; take --patch 4, or --preset mini64$/,
  );
  expect(note({ preset: 'tiny64', decoder: { width: 256 } })).toBeUndefined();
  // The decoder's tokens of 128 do not count where its output is not the noise.
  expect(note({ preset: 'tiny64', noise: { from: 'encoder' } })).toBeUndefined();
  expect(note({ preset: 'tiny64', decoder: { width: 256 }, encoder: { channels: 4 } })).toMatch(
    /256 values.* token 192 .* below 25%/,
  );
});

it('without a patch or a preset that fits, it says what is so', () => {
  const image = { height: 37 ** 2, width: 37 ** 2 };
  expect(note({ preset: 'micro32', encoder: { image, patch: 37 } })).toMatch(
    /4107 values, and a token 64 .* costs$/,
  );
});

it('the presets that were there keep their sizes, and micro32p4 is micro32 with patches of 4', () => {
  const { encoder, decoder } = preset('micro32');
  expect([encoder.patch, encoder.width, decoder.width]).toEqual([8, 96, 64]);
  expect(preset('micro32p4')).toEqual({ encoder: { ...encoder, patch: 4 }, decoder });
  expect(presetNames).toContain('tiny64');
});
