import {
  expectInteger,
  expectOptions,
  expectType,
  type LossContext,
  type LossOutput,
  type Params,
  solo,
} from '@twocan/core';
import { expectTransform, type Transform } from '@twocan/optim';
import { finishStep, partContext, STEP_OPTIONS, type Step, type StepOptions } from './finish.ts';
import { type Gradients, gradientPart, gradientsOverRanks } from './gradients.ts';

/**
 * What a model minimises: a pure function of parameters, one batch and the context `{ key, teacher }`.
 *
 * `key` is the step's own; `teacher` is the moving average of the parameters, for states that keep one.
 */
export type Loss<P extends Params, B> = (
  params: P,
  batch: B,
  context: LossContext<P>,
) => LossOutput;

/**
 * Binds a loss and an optimizer into a training step.
 *
 * The loss is called as `loss(params, batch, { key, teacher })` with the step's key and, where the state keeps a
 * moving average, these averaged parameters.
 *
 * With `accumulate: k` the step takes k batches, part i with the key `fold(fold(root, t), i)`, and
 * averages their gradients, as if they were one batch for any loss that is a mean over examples.
 * A contrastive loss is not: each part sees only its own negatives. Accumulation saves memory but
 * does **not** enlarge the number of negatives; `makeLargeBatchStep` does.
 *
 * @param loss the loss function
 * @param optimizer the transform
 * @param options `accumulate`, how many batches make one step; `ema`, the decay of the moving
 *   average of states that keep one; `communicator`, the ranks that take the step together
 * @returns `(state, batch, root) → { state, metrics, unused }`, borrowing its arguments
 * @throws RangeError for `accumulate` below 1 or `ema` outside [0, 1)
 * @example
 * const step = makeStep(loss, sgd({ learningRate: 0.1 }));
 * const next = step(state, batch, key(0));
 */
export function makeStep<P extends Params, B>(
  loss: Loss<P, B>,
  optimizer: Transform,
  options: StepOptions & { readonly accumulate: number },
): Step<P, readonly B[]>;
export function makeStep<P extends Params, B>(
  loss: Loss<P, B>,
  optimizer: Transform,
  options?: StepOptions,
): Step<P, B>;
export function makeStep<P extends Params, B>(
  loss: Loss<P, B>,
  optimizer: Transform,
  options: StepOptions & { readonly accumulate?: number } = {},
): Step<P, B> | Step<P, readonly B[]> {
  expectType('makeStep', 'loss', loss, 'function');
  expectTransform('makeStep', 'optimizer', optimizer);
  expectOptions('makeStep', 'options', options, [], ['accumulate', ...STEP_OPTIONS]);
  return stepOverBatches<P, B>(
    'makeStep',
    (params, batches, context) =>
      gradientsOverRanks(
        batches.map(({ batch, context: own }) => gradientPart(loss, params, batch, own)),
        context.communicator ?? solo,
      ),
    optimizer,
    options,
  );
}

/** A batch of a step, and the context with a key of its own. */
export type OwnBatch<P, B> = { readonly batch: B; readonly context: LossContext<P> };

/** A step over one batch, or over several whose gradients are averaged. */
export function stepOverBatches<P extends Params, B>(
  caller: string,
  gradients: (
    params: P,
    batches: readonly OwnBatch<P, B>[],
    context: LossContext<P>,
  ) => Gradients<P>,
  optimizer: Transform,
  options: StepOptions & { readonly accumulate?: number },
): Step<P, B> | Step<P, readonly B[]> {
  const { accumulate } = options;
  if (accumulate === undefined) {
    const alone = (params: P, batch: B, context: LossContext<P>): Gradients<P> =>
      gradients(params, [{ batch, context }], context);
    return finishStep(alone, optimizer, options);
  }
  expectInteger(caller, 'accumulate', accumulate);
  const together = (params: P, batches: readonly B[], context: LossContext<P>): Gradients<P> => {
    expectType(caller, 'batch', batches, Array);
    if (batches.length !== accumulate) {
      throw new RangeError(
        `${caller}: a step accumulates ${accumulate} batches, got ${batches.length}`,
      );
    }
    const own = batches.map((batch, i) => ({ batch, context: partContext(context, i) }));
    return gradients(params, own, context);
  };
  return finishStep(together, optimizer, options);
}
