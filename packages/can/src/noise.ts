import { type CanConfig, choicesOf, type NoiseChoices } from './config.ts';
import { expectCanConfig } from './expect.ts';

/**
 * How a config draws, codes and predicts noise, with the paper's choices where it makes none.
 *
 * @param config the method
 * @returns every choice
 * @throws RangeError for a config that is not complete
 * @example
 * noiseChoices(resolveCanConfig({ preset: 'micro32' })).weight; // 'variance'
 */
export function noiseChoices(config: CanConfig): NoiseChoices {
  expectCanConfig('noiseChoices', config);
  return choicesOf(config);
}

/**
 * What the denoising term costs, on average, where no noise is predicted: the value that it starts near, and
 * stays at while nothing of the noise is learned.
 *
 * E[σ²] over the levels: (max² + max·min + min²)/3 where they are uniform, (max² - min²)/(2 ln(max/min)) where they are
 * log-uniform; 1 where all levels weigh alike.
 *
 * @param config the method
 * @returns the mean loss of a prediction of 0
 * @throws RangeError for a config that is not complete
 * @example
 * silentDenoising(resolveCanConfig({ preset: 'micro32', noise: { max: 0.3 } })); // 0.03
 */
export function silentDenoising(config: CanConfig): number {
  expectCanConfig('silentDenoising', config);
  const { max } = config.noise;
  const { min, levels, weight } = choicesOf(config);
  if (weight === 'equal') return 1;
  if (levels === 'uniform') return (max * max + max * min + min * min) / 3;
  return max === min ? max * max : (max * max - min * min) / (2 * Math.log(max / min));
}
