import { add, mul, type Scalar, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectKey,
  expectNumber,
  expectOptions,
  expectType,
  fold,
  type Key,
  type LossContext,
  mapTree,
  type Params,
  solo,
} from '@twocan/core';
import { updatesInPlace } from '@twocan/ops';
import { type ApplyOptions, applyTransform, type Transform } from '@twocan/optim';
import { type Gradients, gradientNorm } from './gradients.ts';
import { expectState, type TrainState } from './state.ts';

/** What one step gives; the caller owns every tensor in it. */
export type StepResult<P extends Params> = {
  readonly state: TrainState<P>;
  /** `loss`, `gradNorm` (before any clipping) and the loss function's own metrics. */
  readonly metrics: { readonly [name: string]: Scalar };
  /** Paths of parameters that the loss did not depend on: nothing trains them. */
  readonly unused: readonly string[];
};

/**
 * A training step: pure and synchronous; step t draws from `fold(root, t)`.
 *
 * With `donate` the state is given away if all metrics are finite: the next one may lie in its memory,
 * and it is to be disposed unread. A backend that cannot write in place makes a fresh one.
 */
export type Step<P extends Params, B> = (
  state: TrainState<P>,
  batch: B,
  root: Key,
  options?: ApplyOptions,
) => StepResult<P>;

/** Options of all kinds of steps. */
export type StepOptions = {
  /** The decay of the moving average in [0, 1), for states that keep one; 0.999 by default. */
  readonly ema?: number;
  /**
   * The ranks that take the step together, each with images of its own; one process by default. The loss is the mean
   * of the ranks' losses, and all ranks come to the same state.
   */
  readonly communicator?: Communicator;
};

/** The names of these options. */
export const STEP_OPTIONS = ['ema', 'communicator'] as const;

/**
 * Turns a gradient computation into a step: norm, optimizer, moving average, next state.
 *
 * @param gradients gradients and metrics of parameters on a batch, those of all ranks of the context
 * @param optimizer the transform
 * @param options the average's decay
 * @returns a pure step, one tidy
 */
export function finishStep<P extends Params, B>(
  gradients: (params: P, batch: B, context: LossContext<P>) => Gradients<P>,
  optimizer: Transform,
  { ema: decay, communicator = solo }: StepOptions,
): Step<P, B> {
  if (decay !== undefined) {
    expectNumber('makeStep', 'ema', decay, 'lie in [0, 1)', (x) => x >= 0 && x < 1);
  }
  expectCommunicator('makeStep', 'communicator', communicator);
  const ranks = communicator.size > 1 ? { communicator } : {};
  return (state, batch, root, options = {}) => {
    expectState('makeStep', state);
    expectKey('makeStep', 'root', root);
    expectOptions('makeStep', 'options', options, [], ['donate']);
    const { donate = false } = options;
    expectType('makeStep', 'donate', donate, 'boolean');
    if (decay !== undefined && state.ema === undefined) {
      throw new RangeError(
        'makeStep: ema is set but the state keeps no average; give initState ema: true',
      );
    }
    return tidy((): never => {
      const { params, step, ema } = state;
      const context = { key: fold(root, step), ...(ema && { teacher: ema }), ...ranks };
      const { metrics: own, grads, unused } = gradients(params, batch, context);
      const metrics = { ...own, gradNorm: gradientNorm(grads) };
      const next = applyTransform(optimizer, grads, state.optimizer, params, step, {
        donate: donate && updatesInPlace() && allFinite(metrics),
      });
      const after = { step: step + 1, params: next.params, optimizer: next.state };
      const averaged = ema && { ema: average(ema, next.params, decay ?? 0.999) };
      return {
        state: { ...after, ...averaged },
        metrics,
        unused,
      } as never;
    }) as StepResult<P>;
  };
}

/** The context of part i of a step: a key of its own, the same teacher. */
export const partContext = <P>(context: LossContext<P>, i: number): LossContext<P> => ({
  ...context,
  key: fold(context.key, i),
});

const allFinite = (metrics: StepResult<Params>['metrics']): boolean =>
  Object.values(metrics).every((metric) => Number.isFinite(metric.dataSync()[0]));

/** e ← e + (1 − decay)·(p − e), leaf by leaf. */
function average<P extends Params>(ema: P, params: P, decay: number): P {
  const blend = (e: Tensor, _: string, p: Tensor): Tensor => add(e, mul(sub(p, e), 1 - decay));
  return mapTree(blend, ema, params) as P;
}
