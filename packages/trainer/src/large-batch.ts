import {
  add,
  concat,
  mul,
  type Scalar,
  scalar,
  slice,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  expectOptions,
  expectType,
  type LossContext,
  type LossOutput,
  type Params,
  solo,
  valueAndGrad,
} from '@twocan/core';
import { expectTransform, type Transform } from '@twocan/optim';
import { finishStep, partContext, STEP_OPTIONS, type Step, type StepOptions } from './finish.ts';
import { type GradientPart, type Gradients, gradientsOverRanks } from './gradients.ts';

/** What one part of a large batch gives. */
export type Part = {
  /** What the joint loss sees of this part, each `[examples, …]`. */
  readonly embeddings: readonly Tensor[];
  /** The rest of the loss, a mean over the part's examples. */
  readonly loss?: Scalar;
  readonly metrics?: { readonly [name: string]: Scalar };
};

/** A loss in two pieces: what each part can compute alone, and what needs all embeddings. */
export type LargeBatchLoss<P extends Params, B> = {
  readonly part: (params: P, batch: B, context: LossContext<P>) => Part;
  /** The embeddings alone, for the first of the two passes, where they cost less than the whole part. */
  readonly embed?: (params: P, batch: B, context: LossContext<P>) => readonly Tensor[];
  /** A loss of the embeddings of all parts, joined along the first axis, such as InfoNCE. */
  readonly joint: (
    embeddings: readonly Tensor[],
    context: Pick<LossContext<P>, 'communicator'>,
  ) => LossOutput;
};

/**
 * Binds a loss that couples all examples, such as a contrastive one, into a step over parts.
 *
 * Minimises joint(z₁ … zₖ) + mean lossᵢ over k parts of equal size with the memory of one part, and
 * gives the gradient of the whole batch: every part sees the negatives of all. Embeddings are
 * computed twice, first without gradients, then with the part's rows of ∂joint/∂z. Exact when an
 * example's embedding does not depend on the others of its part; batch norm in it would do so.
 *
 * @param loss `part`, `joint` and perhaps `embed`; part i is computed twice with the key `fold(fold(root, t), i)`
 * @param optimizer the transform
 * @param options `ema`, the decay of the moving average of states that keep one; `communicator`, the ranks that take
 *   the step together: `joint` is given it, and sees this rank's embeddings alone
 * @returns a step whose batch is the list of parts
 * @throws RangeError for an `ema` outside [0, 1), or no parts
 * @example
 * const step = makeLargeBatchStep({ part: embed, joint: ([a, b]) => nce(a, b) }, optimizer);
 *
 * Gao et al., "Scaling deep contrastive learning batch size under memory limited setup", 2021.
 */
export function makeLargeBatchStep<P extends Params, B>(
  loss: LargeBatchLoss<P, B>,
  optimizer: Transform,
  options: StepOptions = {},
): Step<P, readonly B[]> {
  expectOptions('makeLargeBatchStep', 'loss', loss, ['part', 'joint'], ['embed']);
  expectType('makeLargeBatchStep', 'loss.part', loss.part, 'function');
  expectType('makeLargeBatchStep', 'loss.joint', loss.joint, 'function');
  const { embed = (...args) => loss.part(...args).embeddings } = loss;
  expectType('makeLargeBatchStep', 'loss.embed', embed, 'function');
  expectTransform('makeLargeBatchStep', 'optimizer', optimizer);
  expectOptions('makeLargeBatchStep', 'options', options, [], STEP_OPTIONS);
  const differentiateJoint = valueAndGrad(loss.joint);
  const partLoss = (
    params: P,
    batch: B,
    context: LossContext<P>,
    pull: readonly Tensor[],
    parts: number,
  ): LossOutput => {
    const { embeddings, loss: own = scalar(0), metrics } = loss.part(params, batch, context);
    // Σ z·∂joint/∂z has the joint loss's gradient; times k because the mean of the parts divides by it.
    const toward = embeddings.reduce<Tensor>(
      (total, z, i) => add(total, mul(sum(mul(z, pull[i] as Tensor)), parts)),
      own,
    );
    return { loss: toward as Scalar, metrics: { ...metrics, loss: own } };
  };

  const together = (params: P, batches: readonly B[], context: LossContext<P>): Gradients<P> => {
    expectType('makeLargeBatchStep', 'batch', batches, Array);
    if (batches.length === 0) {
      throw new RangeError('makeLargeBatchStep: needs at least one part, got none');
    }
    const embedded = batches.map((batch, i) =>
      tidy(() => [...embed(params, batch, partContext(context, i))]),
    );
    const whole = tidy(() =>
      (embedded[0] ?? []).map((_, which) =>
        concat(
          embedded.map((z) => z[which] as Tensor),
          0,
        ),
      ),
    );
    const { communicator } = context;
    const joint = differentiateJoint(whole, { ...(communicator && { communicator }) });
    let row = 0;
    const parts = batches.map((batch, i): GradientPart<P> => {
      const first = row;
      const count = embedded[i]?.[0]?.shape[0] ?? 0;
      row += count;
      return (listener): Gradients<P> => {
        const pull = joint.grads.map((grad) => rows(grad, first, count));
        const { metrics, grads, unused } = valueAndGrad(partLoss, listener)(
          params,
          batch,
          partContext(context, i),
          pull,
          batches.length,
        );
        return { metrics, grads, unused };
      };
    });
    return gradientsOverRanks(parts, communicator ?? solo, (mean) => ({
      ...mean,
      ...joint.metrics,
      loss: add(mean.loss as Scalar, joint.loss) as Scalar,
    }));
  };
  return finishStep(together, optimizer, options);
}

/** Rows `first … first + count - 1` of a tensor. */
function rows(x: Tensor, first: number, count: number): Tensor {
  return slice(x, [first, ...x.shape.slice(1).map(() => 0)], [count, ...x.shape.slice(1)]);
}
