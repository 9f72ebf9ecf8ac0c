import type { CanConfig } from './config.ts';
import { expectCanConfig } from './expect.ts';
import type { Term } from './term.ts';
import { termOf, termsOf } from './terms/kinds.ts';

/**
 * The terms whose weighted sum is the loss of a config: those of positive weight.
 *
 * @param config the method
 * @returns the terms, for `canLoss`, alone or with others
 * @throws RangeError for what is no config; `resolveCanConfig` makes one
 * @example
 * canTerms(resolveCanConfig({ preset: 'tiny32' })).map(({ name }) => name);
 * // ['contrastive', 'reconstruction', 'denoising']
 */
export function canTerms(config: CanConfig): readonly Term[] {
  expectCanConfig('canTerms', config);
  return termsOf(config);
}

/**
 * InfoNCE between the two views' projections, with the metrics `alignment`, `uniformity` and `negatives` (2B − 2).
 *
 * @param config the method: its temperature and `weights.contrastive`
 * @returns the term
 * @throws RangeError for what is no config
 * @example
 * canLoss(config, { terms: [{ ...contrastiveTerm(config), weight: 0.5 }, own] });
 */
export function contrastiveTerm(config: CanConfig): Term {
  expectCanConfig('contrastiveTerm', config);
  return termOf('contrastive', config);
}

/**
 * The error of predicted pixels on hidden patches.
 *
 * @param config the method: its target, its normalisation of patches and `weights.reconstruction`
 * @returns the term
 * @throws RangeError for what is no config
 * @example
 * canLoss(config, { terms: [reconstructionTerm(config), own] });
 */
export function reconstructionTerm(config: CanConfig): Term {
  expectCanConfig('reconstructionTerm', config);
  return termOf('reconstruction', config);
}

/**
 * The error of the predicted noise on visible patches.
 *
 * @param config the method: `weights.denoising`
 * @returns the term
 * @throws RangeError for what is no config
 * @example
 * canLoss(config, { terms: [reconstructionTerm(config), denoisingTerm(config)] });
 */
export function denoisingTerm(config: CanConfig): Term {
  expectCanConfig('denoisingTerm', config);
  return termOf('denoising', config);
}
