import { initProjector } from '@twocan/contrastive';
import { expectKey, expectOptions, fold, type Key } from '@twocan/core';
import { initDense } from '@twocan/nn';
import { initLevelMlp } from '@twocan/noise';
import { initDecoder, initEncoder, patchShape } from '@twocan/vit';
import type { CanConfig } from './config.ts';
import type { CanLossOptions } from './loss.ts';
import type { CanParams } from './params.ts';
import { needsOf } from './term.ts';
import { activeTerms } from './terms/sum.ts';
import { hidesPatches, placesLevel } from './uses.ts';

/**
 * Draws the parameters that a config trains, and no others.
 *
 * The decoder exists if a term needs predictions, its mask token if patches are hidden, the projector if a term needs
 * embeddings, the level MLP if noise is added and the decoder gets its level, the denoiser if noise is predicted from the
 * encoder. Parts
 * fold the key by name, so that MAE and CAN of one key start from the same encoder.
 *
 * @param key the seed
 * @param config from `resolveCanConfig`
 * @param options.terms those that `canLoss` is given in place of the config's own
 * @returns the tree of parameters; the caller disposes it with `disposeTree`
 * @example
 * const params = initCan(key(0), resolveCanConfig({ preset: 'micro32', method: 'can' }));
 */
export function initCan<P extends CanParams = CanParams>(
  key: Key,
  config: CanConfig,
  options: CanLossOptions<P> = {},
): CanParams {
  expectKey('initCan', 'key', key);
  expectOptions('initCan', 'options', options, [], ['terms']);
  const needs = needsOf(activeTerms('initCan', config, options.terms));
  const { width } = config.encoder;
  return {
    encoder: initEncoder(fold(key, 'encoder'), config.encoder),
    ...(needs.has('predictions') && { decoder: decoderOf(key, config) }),
    ...(needs.has('noisePredictions') && {
      denoiser: initDense(fold(key, 'denoiser'), {
        in: width,
        out: patchShape(config.encoder).pixels,
      }),
    }),
    ...(needs.has('embeddings') && {
      projector: initProjector(fold(key, 'projector'), { in: width, ...config.projector }),
    }),
    ...(needs.has('predictions') &&
      placesLevel(config) && { level: initLevelMlp(fold(key, 'level'), { width }) }),
  };
}

function decoderOf(key: Key, config: CanConfig): NonNullable<CanParams['decoder']> {
  const params = initDecoder(fold(key, 'decoder'), config.encoder, config.decoder);
  if (hidesPatches(config)) return params;
  const { mask, ...rest } = params;
  mask.dispose();
  return rest;
}
