import { type Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanConfig, type CanParams, canLoss, initCan } from '@twocan/can';
import { disposeTree, fold, key, normal } from '@twocan/core';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep } from '@twocan/trainer';

/** A training step in two halves, for whoever times only the first. */
export type TimedStep = {
  /** Hands a whole step to the backend: draws, loss, gradients, AdamW. */
  readonly begin: () => void;
  /** Waits until it is computed. */
  readonly end: () => Promise<void>;
};

/**
 * Training of CAN on random images, on the current backend.
 *
 * @param config the model
 * @param batch images a step, each in two views
 */
export function timedStep(config: CanConfig, batch: number): TimedStep {
  const root = key(0);
  const { image, channels } = config.encoder;
  const shape: [number, number, number, number] = [batch, image.height, image.width, channels];
  const size = shape.reduce((a, b) => a * b);
  const views = [1, 2].map((view) => tensor4d(normal(fold(root, view), size), shape));
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const loss = canLoss(config);
  const step = makeStep(
    (p: CanParams, b: Tensor4D[], context) => loss(p, { views: b }, context),
    optimizer,
  );
  const params = initCan(root, config);
  let state = initState(params, optimizer);
  disposeTree(params); // the state has its own
  let waiting: readonly Tensor[] = [];
  return {
    begin() {
      const { state: next, metrics } = step(state, views, root, { donate: true });
      disposeState(state, next);
      state = next;
      waiting = Object.values(metrics);
    },
    async end() {
      for (const value of waiting) {
        await value.data();
        value.dispose();
      }
    },
  };
}
