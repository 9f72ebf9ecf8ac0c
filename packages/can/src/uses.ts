import type { CanConfig } from './config.ts';
import { expectCanConfig } from './expect.ts';
import { needs } from './terms/kinds.ts';

// No checks here: the config was checked, and a step calls these several times.
export const hidesPatches = ({ maskRatio }: CanConfig): boolean => maskRatio > 0;
export const addsNoise = ({ noise }: CanConfig): boolean => noise.max > 0;
/** Whether a decoder, if there is one, is given the level of the noise. */
export const placesLevel = (config: CanConfig): boolean =>
  addsNoise(config) && (config.noise.embed !== 'none' || config.noise.embedCls);

/**
 * Whether the views are contrasted, hence whether there is a projector.
 *
 * @param config the method
 * @throws RangeError for what is no config; `resolveCanConfig` makes one
 * @example
 * usesContrast(resolveCanConfig({ preset: 'tiny32' })); // true
 */
export function usesContrast(config: CanConfig): boolean {
  expectCanConfig('usesContrast', config);
  return needs(config, 'embeddings');
}

/**
 * Whether patches are predicted, hence whether there is a decoder.
 *
 * @param config the method
 * @throws RangeError for what is no config
 * @example
 * usesDecoder(resolveCanConfig({ preset: 'tiny32', method: 'simclr' })); // false
 */
export function usesDecoder(config: CanConfig): boolean {
  expectCanConfig('usesDecoder', config);
  return needs(config, 'predictions');
}

/**
 * Whether patches are hidden, hence whether the decoder has a mask token.
 *
 * @param config the method
 * @throws RangeError for what is no config
 * @example
 * usesMask(resolveCanConfig({ preset: 'tiny32' })); // true
 */
export function usesMask(config: CanConfig): boolean {
  expectCanConfig('usesMask', config);
  return hidesPatches(config);
}

/**
 * Whether noise is added to the images.
 *
 * @param config the method
 * @throws RangeError for what is no config
 * @example
 * usesNoise(resolveCanConfig({ preset: 'tiny32', method: 'mae' })); // false
 */
export function usesNoise(config: CanConfig): boolean {
  expectCanConfig('usesNoise', config);
  return addsNoise(config);
}

/**
 * Whether the decoder gets the noise level, hence whether there is a level MLP.
 *
 * @param config the method
 * @throws RangeError for what is no config
 * @example
 * usesLevel(resolveCanConfig({ preset: 'tiny32' })); // true
 */
export function usesLevel(config: CanConfig): boolean {
  expectCanConfig('usesLevel', config);
  return needs(config, 'predictions') && placesLevel(config);
}
