import { initProjector } from '@twocan/contrastive';
import { expectKey, fold, type Key } from '@twocan/core';
import { initLevelMlp } from '@twocan/noise';
import { initDecoder, initEncoder } from '@twocan/vit';
import type { CanConfig } from './config.ts';
import { expectCanConfig } from './expect.ts';
import type { CanParams } from './params.ts';
import { usesContrast, usesDecoder, usesLevel, usesMask } from './uses.ts';

/**
 * Draws the parameters that a config trains, and no others.
 *
 * The decoder exists if patches are predicted, its mask token if patches are hidden, the projector
 * if views are contrasted, the level MLP if noise is added and the decoder gets its level. Parts
 * fold the key by name, so that MAE and CAN of one key start from the same encoder.
 *
 * @param key the seed
 * @param config from `resolveCanConfig`
 * @returns the tree of parameters; the caller disposes it with `disposeTree`
 * @example
 * const params = initCan(key(0), resolveCanConfig({ preset: 'micro32', method: 'can' }));
 */
export function initCan(key: Key, config: CanConfig): CanParams {
  expectKey('initCan', 'key', key);
  expectCanConfig('initCan', config);
  const { width } = config.encoder;
  return {
    encoder: initEncoder(fold(key, 'encoder'), config.encoder),
    ...(usesDecoder(config) && { decoder: decoderOf(key, config) }),
    ...(usesContrast(config) && {
      projector: initProjector(fold(key, 'projector'), { in: width, ...config.projector }),
    }),
    ...(usesLevel(config) && { level: initLevelMlp(fold(key, 'level'), { width }) }),
  };
}

function decoderOf(key: Key, config: CanConfig): NonNullable<CanParams['decoder']> {
  const params = initDecoder(fold(key, 'decoder'), config.encoder, config.decoder);
  if (usesMask(config)) return params;
  const { mask, ...rest } = params;
  mask.dispose();
  return rest;
}
