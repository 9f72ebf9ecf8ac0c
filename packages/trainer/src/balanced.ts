import { add, div, mul, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import {
  expectOptions,
  expectType,
  type LossContext,
  mapTree,
  type Params,
  solo,
} from '@twocan/core';
import { expectTransform, type Transform } from '@twocan/optim';
import { STEP_OPTIONS, type Step, type StepOptions } from './finish.ts';
import {
  type Gradients,
  gradientNorm,
  gradientPart,
  gradientsOverRanks,
  meanGradients,
} from './gradients.ts';
import { expectLossTerms, type LossTerm, partOf, sumOf, TINY } from './shares.ts';
import { stepOverBatches } from './step.ts';

/**
 * Binds several losses into a step in which each has a wanted share of the gradient of the parameters that they share.
 *
 * At each step term i gets the weight sᵢ · Σⱼ wⱼ|gⱼ| / |gᵢ|, with its gradient gᵢ over these parameters and
 * sᵢ = wᵢ / Σⱼ wⱼ: its share is then sᵢ exactly, and the lengths add up to as much as with the weights themselves. Nothing
 * is kept between steps, so a run that goes on has the same bits. Each term takes a forward and a backward pass of its own.
 * The metric `loss` is Σ wᵢLᵢ, with the weights given; `weight/NAME` are those of the step.
 *
 * @param terms the losses; their weights are the shares that are wanted, up to a factor
 * @param shared the part of the parameters that shares are measured on, such as `encoder`
 * @param optimizer the transform
 * @param options `accumulate`, how many batches make one step, each balanced by itself; `ema`, the decay of the moving
 *   average of states that keep one
 * @returns a step over one batch, or over a list of them with `accumulate`
 * @throws RangeError for no terms, two of one name, a weight that is not above 0, `accumulate` below 1 or `ema` outside
 *   [0, 1)
 * @example
 * const step = makeBalancedStep([{ name: 'a', weight: 1, loss: a }, { name: 'b', weight: 1, loss: b }], 'encoder', adamw({ learningRate: 1e-3 }));
 *
 * Chen et al., "GradNorm", arXiv 1711.02257, whose weights follow the norms slowly; here they follow at once.
 */
export function makeBalancedStep<P extends Params, B>(
  terms: readonly LossTerm<P, B>[],
  shared: string,
  optimizer: Transform,
  options: StepOptions & { readonly accumulate: number },
): Step<P, readonly B[]>;
export function makeBalancedStep<P extends Params, B>(
  terms: readonly LossTerm<P, B>[],
  shared: string,
  optimizer: Transform,
  options?: StepOptions,
): Step<P, B>;
export function makeBalancedStep<P extends Params, B>(
  terms: readonly LossTerm<P, B>[],
  shared: string,
  optimizer: Transform,
  options: StepOptions & { readonly accumulate?: number } = {},
): Step<P, B> | Step<P, readonly B[]> {
  expectLossTerms('makeBalancedStep', terms);
  expectType('makeBalancedStep', 'shared', shared, 'string');
  expectTransform('makeBalancedStep', 'optimizer', optimizer);
  expectOptions('makeBalancedStep', 'options', options, [], ['accumulate', ...STEP_OPTIONS]);
  const weights = terms.map(({ weight }) => weight);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const gradients = (params: P, batch: B, context: LossContext<P>): Gradients<P> => {
    partOf('makeBalancedStep', params, shared);
    // Lengths are those of the ranks' mean, or each would have weights of its own.
    const found = terms.map(({ loss }) =>
      gradientsOverRanks(
        [gradientPart(loss, params, batch, context)],
        context.communicator ?? solo,
      ),
    );
    const norms = found.map(({ grads }) => gradientNorm(partOf('makeBalancedStep', grads, shared)));
    const total = sumOf(norms.map((norm, i) => mul(norm, weights[i] ?? 0)));
    const factors = norms.map(
      (norm, i) => div(mul(total, (weights[i] ?? 0) / whole), add(norm, TINY)) as Scalar,
    );
    const joined = (leaf: Tensor, _: string, ...rest: Tensor[]): Tensor =>
      sumOf([leaf, ...rest].map((own, i) => mul(own, factors[i] as Scalar)));
    const [first, ...others] = found.map(({ grads }) => grads);
    return {
      metrics: {
        ...Object.assign({}, ...found.map(({ metrics }) => metrics)),
        ...Object.fromEntries(terms.map(({ name }, i) => [`weight/${name}`, factors[i]])),
        loss: sumOf(
          found.map(({ metrics }, i) => mul(metrics.loss as Scalar, weights[i] ?? 0) as Scalar),
        ),
      },
      grads: mapTree(joined, first as P, ...others) as P,
      unused: (found[0]?.unused ?? []).filter((path) =>
        found.every(({ unused }) => unused.includes(path)),
      ),
    };
  };
  return stepOverBatches<P, B>(
    'makeBalancedStep',
    (params, batches) =>
      meanGradients(
        batches.map(
          ({ batch, context }) =>
            () =>
              gradients(params, batch, context),
        ),
      ),
    optimizer,
    options,
  );
}
