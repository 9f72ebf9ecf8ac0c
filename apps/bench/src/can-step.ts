import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanConfig, type CanParams, canLoss, initCan } from '@twocan/can';
import { disposeTree, fold, key, normal } from '@twocan/core';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep } from '@twocan/trainer';

const ROOT = key(0);

/** One training step of CAN on random images, on the current backend; gives its milliseconds. */
export type TimedStep = () => Promise<number>;

/**
 * Makes a step as users take it: draws, loss, gradients, AdamW.
 *
 * @param config the model
 * @param batch what each step is given
 * @param viewsOf the batch as images in two views, `[B, H, W, C]` each
 * @returns the step; everything but the state is freed in it
 */
export function trainingStep<B>(
  config: CanConfig,
  batch: B,
  viewsOf: (batch: B) => Tensor4D[],
): TimedStep {
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const loss = canLoss(config);
  const step = makeStep(
    (p: CanParams, b: B, context) => loss(p, { views: viewsOf(b) }, context),
    optimizer,
  );
  const params = initCan(ROOT, config);
  let state = initState(params, optimizer);
  disposeTree(params); // the state has its own
  return async () => {
    const begin = performance.now();
    const { state: next, metrics } = step(state, batch, ROOT, { donate: true });
    for (const value of Object.values(metrics)) {
      await value.data();
      value.dispose();
    }
    disposeState(state, next);
    state = next;
    return performance.now() - begin;
  };
}

/**
 * The same on random images.
 *
 * @param batch images a step, each in two views
 */
export function canStep(config: CanConfig, batch: number): TimedStep {
  const { image, channels } = config.encoder;
  const shape: [number, number, number, number] = [batch, image.height, image.width, channels];
  const size = shape.reduce((a, b) => a * b);
  const views = [1, 2].map((v) => tensor4d(normal(fold(ROOT, v), size), shape));
  return trainingStep(config, views, (given) => given);
}
