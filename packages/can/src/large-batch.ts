import { type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expectOptions, type LossContext, type LossOutput, refuse } from '@twocan/core';
import type { CanConfig } from './config.ts';
import { drawsFor } from './draws.ts';
import type { CanLossOptions } from './loss.ts';
import type { CanBatch, CanParams } from './params.ts';
import type { Need, Parts } from './parts.ts';
import { needsOf, type TermContext } from './term.ts';
import { activeTerms, partsFor, weightedSum } from './terms/sum.ts';
import { expectCall } from './views.ts';

/** A loss in two pieces, as `makeLargeBatchStep` of `@twocan/trainer` takes it. */
export type CanLargeBatch<P extends CanParams = CanParams> = {
  /** The projections `[a, b]` of one part. */
  readonly embed: (params: P, batch: CanBatch, context: LossContext<P>) => readonly Tensor[];
  /** The projections of one part, and the terms that it can compute alone. */
  readonly part: (
    params: P,
    batch: CanBatch,
    context: LossContext<P>,
  ) => {
    readonly embeddings: readonly Tensor[];
    readonly loss?: Scalar;
    readonly metrics?: { readonly [name: string]: Scalar };
  };
  /** The terms of the projections of all parts. */
  readonly joint: (
    embeddings: readonly Tensor[],
    context?: Pick<LossContext<P>, 'communicator'>,
  ) => LossOutput;
};

/**
 * The loss of a batch that is computed in parts, exactly: every image is contrasted with those of all parts.
 *
 * A term that needs nothing but `embeddings` is computed once from those of all parts, which is all that it sees; every
 * other term is a mean over images and computed part by part.
 *
 * @param config a method with a term that needs nothing but embeddings
 * @param options other terms, as for `canLoss`
 * @returns what `makeLargeBatchStep` takes; the batch of its step is a list of parts
 * @throws RangeError if no term needs embeddings alone, or the projector has batch norm, which would see one part
 * @example
 * const step = makeLargeBatchStep(canLargeBatch(config), optimizer);
 * step(state, [{ views: [a, b] }, { views: [c, d] }], key(0));
 */
export function canLargeBatch<P extends CanParams = CanParams>(
  config: CanConfig,
  options: CanLossOptions<P> = {},
): CanLargeBatch<P> {
  expectOptions('canLargeBatch', 'options', options, [], ['terms']);
  const terms = activeTerms('canLargeBatch', config, options.terms);
  const jointly = terms.filter(
    ({ needs }) => needs.length > 0 && needs.every((need) => need === 'embeddings'),
  );
  const alone = terms.filter((term) => !jointly.includes(term));
  if (jointly.length === 0) {
    refuse('canLargeBatch', 'terms', 'hold one that needs embeddings alone', terms);
  }
  if (config.projector.batchNorm) {
    refuse('canLargeBatch', 'config.projector.batchNorm', 'be false', true);
  }
  const partsOf = (
    needs: ReadonlySet<Need>,
    params: P,
    batch: CanBatch,
    context: LossContext<P>,
  ) => {
    expectCall('canLargeBatch', config, params, batch, context);
    const draws = drawsFor(context.key, config, batch, context.communicator);
    const parts = partsFor('canLargeBatch', config, needs, params, batch, draws, context);
    const { a, b } = parts.embeddings;
    return { parts, draws, embeddings: [a, b] };
  };
  const every = needsOf(terms);
  return {
    embed: (...args) => tidy(() => partsOf(EMBEDDINGS, ...args).embeddings),
    part: (params, batch, context) =>
      tidy((): never => {
        const { parts, draws, embeddings } = partsOf(every, params, batch, context);
        const seen = { ...context, params, draws };
        const own = alone.length > 0 && weightedSum('canLargeBatch', alone, parts, batch, seen);
        return { embeddings, ...own } as never;
      }),
    joint: ([a, b], { communicator } = {}) => {
      const parts = { embeddings: { a, b } } as Parts<Need>;
      return tidy(() =>
        weightedSum('canLargeBatch', jointly, parts, { views: [] }, {
          ...(communicator && { communicator }),
        } as TermContext<P>),
      );
    },
  };
}

const EMBEDDINGS: ReadonlySet<Need> = new Set(['embeddings']);
