import { type Tensor1D, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { disposeTree, mapTree, valueAndGrad } from '@twocan/core';
import { linearOnData, softmaxCrossEntropy } from '@twocan/ops';
import { applyTransform, type Transform } from '@twocan/optim';
import { chosenRows, type LabelledFeatures } from './features.ts';

/** A linear classifier: `[D, C]` and `[C]`. */
export type LinearParams = { readonly kernel: Tensor2D; readonly bias: Tensor1D };

/** How {@link trainLinear} goes through the rows. */
export type LinearTraining = {
  readonly optimizer: Transform;
  readonly epochs: number;
  /** Rows of a step; the incomplete last batch of an epoch is left out. */
  readonly batch: number;
  /** The order of the rows in an epoch. */
  readonly orderOf: (epoch: number) => Int32Array;
  /** Called with how many steps are done. */
  readonly progress?: (done: number, total: number) => void;
};

/**
 * Trains a linear classifier with softmax cross-entropy on rows that stay as they are.
 *
 * @param rows `[M, D]` and labels
 * @param begin borrowed
 * @param training optimizer, length, order
 * @returns fresh parameters, and the mean loss of each epoch
 */
export async function trainLinear(
  { features, labels }: LabelledFeatures,
  begin: LinearParams,
  { optimizer, epochs, batch, orderOf, progress }: LinearTraining,
): Promise<{ readonly params: LinearParams; readonly losses: readonly number[] }> {
  const width = begin.kernel.shape[0];
  const differentiate = valueAndGrad((params: LinearParams, x: Tensor2D, y: Int32Array) => ({
    loss: softmaxCrossEntropy(linearOnData(x, params.kernel, params.bias) as Tensor2D, y),
  }));
  let params = mapTree((leaf) => leaf.clone(), begin) as LinearParams;
  let state = optimizer.init(params);
  const perEpoch = Math.floor(labels.length / batch);
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = orderOf(epoch);
    let sum = 0;
    for (let i = 0; i < perEpoch; i++) {
      const chosen = order.subarray(i * batch, (i + 1) * batch);
      const x = chosenRows(features, width, chosen);
      const y = chosen.map((row) => labels[row] ?? 0);
      const step = epoch * perEpoch + i;
      const { loss, next } = tidy((() => {
        const { loss, grads } = differentiate(params, tensor2d(x, [batch, width]), y);
        return { loss, next: applyTransform(optimizer, grads, state, params, step) };
      }) as () => never) as StepResult;
      sum += (await loss.data())[0] ?? 0;
      loss.dispose();
      disposeTree([params, state], [next.params, next.state]);
      params = next.params;
      state = next.state;
      progress?.(step + 1, epochs * perEpoch);
    }
    losses.push(sum / perEpoch);
  }
  disposeTree(state);
  return { params, losses };
}

type StepResult = {
  readonly loss: Tensor1D;
  readonly next: { readonly params: LinearParams; readonly state: ReturnType<Transform['init']> };
};
