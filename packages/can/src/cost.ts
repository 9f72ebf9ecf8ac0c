import type { CanConfig } from './config.ts';
import type { MethodCost } from './counts.ts';
import { expectCanConfig } from './expect.ts';
import { needs } from './terms/kinds.ts';
import { usesContrast, usesDecoder, usesLevel } from './uses.ts';

/**
 * What a config computes, in the form that `countFlops` and `countParameters` take.
 *
 * @param config the method
 * @returns sizes of the parts that exist
 * @example
 * countFlops(methodCost(resolveCanConfig({ preset: 'b16' }))).forward; // 5.65e10
 */
export function methodCost(config: CanConfig): MethodCost {
  expectCanConfig('methodCost', config);
  const { encoder, decoder, projector, views, maskRatio } = config;
  return {
    encoder,
    views,
    maskRatio,
    level: usesLevel(config),
    ...(usesDecoder(config) && { decoder }),
    ...(needs(config, 'noisePredictions') && { denoiser: true }),
    ...(usesContrast(config) && { head: projector }),
  };
}
