import { expectType } from '@twocan/core';
import type { DecoderConfig, ViTConfig } from './config.ts';

/** An encoder and the decoder that goes with it. */
export type Preset = { readonly encoder: ViTConfig; readonly decoder: DecoderConfig };

type Shape = readonly [width: number, depth: number, heads: number];

const make = (size: number, patch: number, encoder: Shape, decoder: Shape): Preset => ({
  encoder: {
    image: { height: size, width: size },
    channels: 3,
    patch,
    width: encoder[0],
    depth: encoder[1],
    heads: encoder[2],
    mlpRatio: 4,
    epsilon: 1e-6,
  },
  decoder: { width: decoder[0], depth: decoder[1], heads: decoder[2], mlpRatio: 4 },
});

// The method's decoder, 8 blocks of 512, serves B, L and H. With a small encoder it would take most
// of the time (twice SimCLR's FLOPs at ViT-Ti), so the small presets have a smaller one.
const PRESETS = {
  // `twocan pretrain`: 2,000 drawings, 350 steps, under 5 minutes on 2 cores, k-NN 46.4%.
  micro32: make(32, 8, [96, 4, 3], [64, 1, 2]),
  // For studies of denoising: a patch has at most as many values as a token of encoder and decoder, so that its
  // noise can pass. The first is micro32 with patches of 4:
  // 10,000 images of CIFAR-10, 160 epochs, an hour on a core, k-NN 60.2%, probe 64.8% (docs/results.md).
  micro32p4: make(32, 4, [96, 4, 3], [64, 1, 2]),
  mini32: make(32, 4, [192, 4, 3], [128, 2, 4]),
  mini64: make(64, 8, [192, 4, 3], [192, 1, 3]),
  // Not measured on accuracy; the README has the time of a step of this one and of s16.
  tiny32: make(32, 4, [192, 6, 3], [128, 2, 4]),
  small32: make(32, 4, [384, 6, 6], [192, 2, 6]),
  tiny64: make(64, 8, [192, 6, 3], [128, 2, 4]),
  ti16: make(224, 16, [192, 12, 3], [192, 2, 3]),
  s16: make(224, 16, [384, 12, 6], [256, 4, 8]),
  b16: make(224, 16, [768, 12, 12], [512, 8, 16]),
  l16: make(224, 16, [1024, 24, 16], [512, 8, 16]),
  h14: make(224, 14, [1280, 32, 16], [512, 8, 16]),
} as const;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** Every preset's name, smallest first. */
export const presetNames = Object.keys(PRESETS) as readonly PresetName[];

/**
 * An encoder with its decoder, by name.
 *
 * @param name micro32 (32 px, patch 8), micro32p4, mini32, tiny32, small32 (32 px, patch 4), mini64, tiny64
 *   (64 px, patch 8), ti16, s16, b16, l16 (224 px, patch 16) or h14 (224 px, patch 14)
 * @returns the two configs
 * @throws RangeError for any other name
 * @example
 * const { encoder, decoder } = preset('tiny32');
 */
export function preset(name: PresetName): Preset {
  expectType('preset', 'name', name, 'string');
  if (!Object.hasOwn(PRESETS, name)) {
    throw new RangeError(`preset: no preset is called '${name}'; choose ${presetNames.join(', ')}`);
  }
  return PRESETS[name];
}
