import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanConfig, canLoss, initCan } from '@twocan/can';
import { disposeTree, type Key } from '@twocan/core';
import type { Batch } from '@twocan/data';
import { adamw } from '@twocan/optim';
import { fit, initState, makeStep } from '@twocan/trainer';
import { median } from './median.ts';

/**
 * Milliseconds of one training step in the loop that trains, waiting for its batch included: the next batch is
 * fetched while a step is computed.
 *
 * @param config the model
 * @param root of what is drawn at random
 * @param batches the source
 * @param rounds steps that are timed; two before them are not
 * @returns the median
 */
export async function trainingMillis(
  config: CanConfig,
  root: Key,
  batches: (step: number) => Batch | Promise<Batch>,
  rounds: number,
): Promise<number> {
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const loss = canLoss(config);
  const step = makeStep(
    (params: ReturnType<typeof initCan>, { views, shape }: Batch, context) =>
      loss(params, { views: views.map((view): Tensor4D => tensor4d(view, [...shape])) }, context),
    optimizer,
  );
  const params = initCan(root, config);
  const state = initState(params, optimizer);
  disposeTree(params); // the state has its own
  const millis: number[] = [];
  for await (const event of fit({ state, step, key: root, batches, until: rounds + 2 })) {
    if (event.type === 'step' && event.step > 2) millis.push(event.millis);
    if (event.type === 'done') disposeTree(event.state.params);
  }
  return median(millis);
}
