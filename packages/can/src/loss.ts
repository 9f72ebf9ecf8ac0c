import { tidy } from '@tensorflow/tfjs-core';
import { expectOptions, type LossContext, type LossOutput } from '@twocan/core';
import type { CanConfig } from './config.ts';
import { drawsFor } from './draws.ts';
import { expectCanParams } from './expect.ts';
import type { CanBatch, CanParams } from './params.ts';
import type { Draws, Need } from './parts.ts';
import { needsOf, type Term } from './term.ts';
import { activeTerms, partsFor, weightedSum } from './terms/sum.ts';
import { expectBatch, expectCall } from './views.ts';

/** Options of {@link canLoss}. */
export type CanLossOptions<P extends CanParams = CanParams> = {
  /** The terms to sum in place of the config's own, `canTerms(config)`. */
  readonly terms?: readonly Term<Need, P>[];
};

/**
 * The loss of CAN and of all its special cases, a weighted sum of terms. Those of the config are
 * `w_c · InfoNCE + w_r · (error on masked patches) + w_n · (error of the noise on visible patches)`.
 *
 * Metrics are the unweighted terms by name, then the terms' own. The forward pass computes what the terms need and
 * nothing else; a term of weight 0 is neither computed nor reported.
 *
 * @param config the method
 * @param options other terms; parameters for them come from `initCan(key, config, { terms })`
 * @returns `(params, batch, { key, teacher }) → { loss, metrics }`, what a trainer calls; batch.views are
 *   `config.views` tensors `[B, H, W, C]` of normalised pixels
 * @throws RangeError if the config lacks what a term needs; the function it returns throws one if the batch does not
 *   fit the config
 * @example
 * const { loss, metrics } = canLoss(config)(params, { views: [a, b] }, { key: key(0) });
 *
 * Mishra et al., "A simple, efficient and scalable contrastive masked autoencoder" (CAN),
 * arXiv 2210.16870.
 */
export function canLoss<P extends CanParams = CanParams>(
  config: CanConfig,
  options: CanLossOptions<P> = {},
): (params: P, batch: CanBatch, context: LossContext<P>) => LossOutput {
  expectOptions('canLoss', 'options', options, [], ['terms']);
  const terms = activeTerms('canLoss', config, options.terms);
  const needs = needsOf(terms);
  return (params, batch, context) => {
    expectCall('canLoss', config, params, batch, context);
    return tidy(() => {
      const draws = drawsFor(context.key, config, batch, context.communicator);
      const parts = partsFor('canLoss', config, needs, params, batch, draws, context);
      return weightedSum('canLoss', terms, parts, batch, { ...context, params, draws });
    });
  };
}

/**
 * {@link canLoss} with masks, levels and noise given: the deterministic core of the method.
 *
 * @param config the method
 * @param options other terms
 * @returns `(params, batch, draws, { key, teacher }?) → { loss, metrics }`; terms that use neither need no context
 * @throws RangeError if the config lacks what a term needs; the function it returns throws one if the batch or the draws
 *   do not fit the config
 * @example
 * const draws = drawCorruption(key(0), config, batch);
 * const { loss } = canLossWith(config)(params, batch, draws);
 */
export function canLossWith<P extends CanParams = CanParams>(
  config: CanConfig,
  options: CanLossOptions<P> = {},
): (params: P, batch: CanBatch, draws: Draws, context?: Partial<LossContext<P>>) => LossOutput {
  expectOptions('canLossWith', 'options', options, [], ['terms']);
  const terms = activeTerms('canLossWith', config, options.terms);
  const needs = needsOf(terms);
  return (params, batch, draws, context = {}) => {
    expectCanParams('canLossWith', params);
    expectBatch('canLossWith', config, batch);
    expectDraws(config, draws);
    expectOptions('canLossWith', 'context', context, [], ['key', 'teacher', 'communicator']);
    return tidy(() => {
      const parts = partsFor('canLossWith', config, needs, params, batch, draws, context);
      return weightedSum('canLossWith', terms, parts, batch, { ...context, params, draws });
    });
  };
}

function expectDraws(config: CanConfig, draws: Draws): void {
  expectOptions('canLossWith', 'draws', draws, [], ['mask', 'levels', 'noise']);
  const { mask, levels, noise } = draws;
  const given = { mask: mask !== undefined, noise: noise !== undefined && levels !== undefined };
  const wanted = { mask: config.maskRatio > 0, noise: config.noise.max > 0 };
  for (const name of ['mask', 'noise'] as const) {
    if (given[name] === wanted[name]) continue;
    throw new RangeError(
      `canLossWith: the config ${wanted[name] ? 'uses' : 'does not use'} ${name}, but draws ` +
        `${given[name] ? 'have it' : 'lack it'}; make draws with drawCorruption`,
    );
  }
}
