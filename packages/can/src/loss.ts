import {
  add,
  concat,
  mul,
  ones,
  type Scalar,
  scalar,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { alignment, infoNCE, uniformity } from '@twocan/contrastive';
import {
  expectKey,
  expectOptions,
  expectType,
  type LossContext,
  type LossOutput,
} from '@twocan/core';
import { noisePredictionLoss } from '@twocan/denoising';
import { maskedWeights, visibleWeights } from '@twocan/masking';
import { patchify } from '@twocan/patches';
import { maskedPatchLoss } from '@twocan/reconstruction';
import type { CanConfig } from './config.ts';
import { type Draws, drawCorruption } from './draws.ts';
import { expectCanConfig, expectCanParams } from './expect.ts';
import { type ForwardTensors, forwardTensors } from './forward.ts';
import type { CanBatch, CanParams } from './params.ts';
import { expectBatch } from './views.ts';

/** What {@link canLossWith} may be told to do differently. */
export type CanLossOptions = {
  /**
   * The contrastive term from the embeddings of the two views, `[B, Z]` each; InfoNCE by default.
   * For batches in shards: `surrogateLoss` with the shard's rows of the embeddings' gradients.
   */
  readonly contrast?: (a: Tensor2D, b: Tensor2D) => Scalar;
};

/**
 * The loss of CAN and of all its special cases:
 * `w_c · InfoNCE + w_r · (error on masked patches) + w_n · (error of the noise on visible patches)`.
 *
 * Metrics are the unweighted terms, `alignment`, `uniformity` and `negatives` (2B − 2, those that
 * one embedding is told from: accumulating gradients does not enlarge it). A term of weight 0 is
 * neither computed nor reported.
 *
 * @param config the method
 * @returns `(params, batch, { key }) → { loss, metrics }`, what a trainer calls; batch.views are
 *   `config.views` tensors `[B, H, W, C]` of normalised pixels
 * @throws RangeError if the batch does not fit the config
 * @example
 * const { loss, metrics } = canLoss(config)(params, { views: [a, b] }, { key: key(0) });
 *
 * Mishra et al., "A simple, efficient and scalable contrastive masked autoencoder" (CAN),
 * arXiv 2210.16870.
 */
export function canLoss(
  config: CanConfig,
): (params: CanParams, batch: CanBatch, context: LossContext) => LossOutput {
  const lossOf = canLossWith(config);
  return (params, batch, context) => {
    expectBatch('canLoss', config, batch);
    expectOptions('canLoss', 'context', context, ['key'], ['teacher']);
    const { key } = context;
    expectKey('canLoss', 'context.key', key);
    return tidy(() => lossOf(params, batch, drawCorruption(key, config, batch)));
  };
}

/**
 * {@link canLoss} with masks, levels and noise given: the deterministic core of the method.
 *
 * @param config the method
 * @param options another contrastive term, for batches in shards
 * @returns `(params, batch, draws) → { loss, metrics }`
 * @throws RangeError if the batch or the draws do not fit the config
 * @example
 * const draws = drawCorruption(key(0), config, batch);
 * const { loss } = canLossWith(config)(params, batch, draws);
 */
export function canLossWith(
  config: CanConfig,
  options: CanLossOptions = {},
): (params: CanParams, batch: CanBatch, draws: Draws) => LossOutput {
  expectCanConfig('canLossWith', config);
  expectOptions('canLossWith', 'options', options, [], ['contrast']);
  if (options.contrast) expectType('canLossWith', 'contrast', options.contrast, 'function');
  return (params, batch, draws) => {
    expectCanParams('canLossWith', params);
    expectBatch('canLossWith', config, batch);
    expectDraws(config, draws);
    return tidy(() => {
      const parts = forwardTensors(config, params, batch, draws);
      const { weights } = config;
      const terms = {
        ...contrastiveTerm(config, parts, options),
        ...(weights.reconstruction > 0 && { reconstruction: reconstruct(config, parts, draws) }),
        ...(weights.denoising > 0 && { denoising: denoise(parts, draws) }),
      };
      const weighted = Object.entries(terms).map(([name, term]) =>
        mul(term, weights[name as keyof typeof weights]),
      );
      return {
        loss: weighted.reduce((sum, term) => add(sum, term)) as Scalar,
        metrics: { ...terms, ...spread(parts) },
      };
    });
  };
}

function contrastiveTerm(
  { weights, temperature }: CanConfig,
  { embeddings }: ForwardTensors,
  { contrast = (a, b) => infoNCE(a, b, { temperature }) }: CanLossOptions,
): { contrastive?: Scalar } {
  if (!(weights.contrastive > 0)) return {};
  if (embeddings === undefined) throw missing('projector');
  return { contrastive: contrast(embeddings.a, embeddings.b) };
}

function reconstruct(config: CanConfig, parts: ForwardTensors, { mask }: Draws): Scalar {
  if (parts.predictions === undefined) throw missing('decoder');
  if (mask === undefined) throw new RangeError('canLossWith: draws.mask is missing');
  const target = patchify(
    config.target === 'clean' ? parts.clean : parts.noisy,
    config.encoder.patch,
  );
  return maskedPatchLoss(parts.predictions, target, maskedWeights(mask), {
    normalize: config.normalizePixels,
  });
}

function denoise({ predictions, noise }: ForwardTensors, { mask }: Draws): Scalar {
  if (predictions === undefined) throw missing('decoder');
  if (noise === undefined) throw new RangeError('canLossWith: draws.noise is missing');
  const [images, patches] = predictions.shape;
  const visible = mask ? visibleWeights(mask) : (ones([images, patches]) as Tensor2D);
  return noisePredictionLoss(predictions, noise, visible);
}

/** Scalars that show a collapse of the embeddings, and how many negatives there are. */
function spread({ embeddings }: ForwardTensors): { readonly [name: string]: Scalar } {
  if (embeddings === undefined) return {};
  const { a, b } = embeddings;
  return {
    alignment: alignment(a, b),
    uniformity: uniformity(concat([a, b], 0)),
    negatives: scalar(2 * a.shape[0] - 2),
  };
}

const missing = (part: string): RangeError =>
  new RangeError(`canLossWith: params.${part} is missing; make params with initCan(key, config)`);

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
