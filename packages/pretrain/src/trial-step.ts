import { type Scalar, type Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanConfig, type CanParams, canLoss, initCan, methodCost } from '@twocan/can';
import {
  disposeTree,
  expectInteger,
  expectKey,
  expectType,
  fold,
  type Key,
  key,
  normal,
} from '@twocan/core';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep } from '@twocan/trainer';

/** A training step in two halves, for whoever times only the first. */
export type TrialStep = {
  /** Hands a whole step to the backend: draws, loss, gradients, AdamW. */
  readonly begin: () => void;
  /** Waits until it is computed, and gives its loss. */
  readonly end: () => Promise<number>;
};

/**
 * Random images in two views, to try a model with.
 *
 * @param config the model
 * @param batch images a view
 * @returns two tensors `[batch, H, W, C]` of normal numbers, the same each time; the caller disposes them
 * @throws RangeError if `batch` is not a positive integer
 * @example
 * const views = randomViews(config, 4);
 */
export function randomViews(config: CanConfig, batch: number): Tensor4D[] {
  expectInteger('randomViews', 'batch', batch);
  const { image, channels } = methodCost(config).encoder; // checked
  const shape: [number, number, number, number] = [batch, image.height, image.width, channels];
  const size = shape.reduce((a, b) => a * b);
  return [1, 2].map((view) => tensor4d(normal(fold(key(0), view), size), shape));
}

/**
 * Training steps on images that stay the same, on the current backend: to time a machine, or to see
 * whether it computes what another does.
 *
 * @param config the model
 * @param viewsOf makes the views of a step, within the step
 * @param root of what is drawn at random
 * @returns the step; it goes on from its own parameters, which begin the same each time
 * @example
 * const views = randomViews(config, 64);
 * const step = trialStep(config, () => views);
 * step.begin();
 * console.log(await step.end());
 */
export function trialStep(
  config: CanConfig,
  viewsOf: () => readonly Tensor4D[],
  root: Key = key(0),
): TrialStep {
  expectType('trialStep', 'viewsOf', viewsOf, 'function');
  expectKey('trialStep', 'root', root);
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const loss = canLoss(config);
  const step = makeStep<CanParams, undefined>(
    (params, _, context) => loss(params, { views: viewsOf() }, context),
    optimizer,
  );
  const params = initCan(key(0), config);
  let state = initState(params, optimizer);
  disposeTree(params); // the state has its own
  let metrics: { readonly [name: string]: Scalar } = {};
  return {
    begin() {
      const { state: next, metrics: found } = step(state, undefined, root, { donate: true });
      disposeState(state, next);
      [state, metrics] = [next, found];
    },
    async end() {
      const read = async (value: Tensor | undefined): Promise<number> =>
        (await value?.data())?.[0] ?? Number.NaN;
      const values = await Promise.all(Object.values(metrics).map(read));
      const at = Object.keys(metrics).indexOf('loss');
      disposeTree(metrics);
      metrics = {};
      return values[at] ?? Number.NaN;
    },
  };
}
