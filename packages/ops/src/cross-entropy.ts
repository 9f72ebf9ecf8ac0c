import {
  cast,
  exp,
  log,
  max,
  mean,
  mul,
  neg,
  oneHot,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor2D,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectInteger, expectRank, expectShape, expectType } from '@twocan/core';
import { defineOp } from './define.ts';

type Labelled = { readonly logits: Tensor2D; readonly target: Tensor2D };

const op = defineOp({
  name: 'softmaxCrossEntropy',
  inputs: ['logits'],
  forward: ({ logits, target }: Labelled) => {
    const shifted = sub(logits, max(logits, 1, true));
    const logTotal = log(sum(exp(shifted), 1, true));
    return { y: neg(mean(sum(mul(sub(shifted, logTotal), target), 1))) as Scalar };
  },
  backward: ({ dy, logits, target }) => ({
    logits: mul(sub(softmax(logits), target), mul(dy, 1 / logits.shape[0])),
  }),
});

/**
 * Mean softmax cross-entropy with one right class per row.
 *
 * L = 1/M Σ_i [ log Σ_j exp(x_ij) - x_i,label(i) ]
 *
 * @param logits `[M, C]`
 * @param labels M class indices in [0, C)
 * @returns a scalar ≥ 0
 * @throws RangeError if there is not one valid label per row
 * @example
 * softmaxCrossEntropy(zeros([2, 4]), Int32Array.of(0, 3)); // log 4
 */
export function softmaxCrossEntropy(logits: Tensor2D, labels: Int32Array): Scalar {
  expectRank('softmaxCrossEntropy', 'logits', logits, 2);
  const [rows, classes] = logits.shape;
  expectInteger('softmaxCrossEntropy', 'the number of rows of logits', rows);
  expectType('softmaxCrossEntropy', 'labels', labels, Int32Array);
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (labels.length !== rows || wrong >= 0) {
    const got = labels.length === rows ? `${labels[wrong]} in row ${wrong}` : labels.length;
    throw new RangeError(
      `softmaxCrossEntropy: labels must be ${rows} integers in [0, ${classes}), got ${got}`,
    );
  }
  return tidy(() => {
    // Asked for float32, the stock wasm kernel writes integer bits: make integers, then cast.
    const target = cast(oneHot(tensor1d(labels, 'int32'), classes), 'float32');
    return op({ logits, target: target as Tensor2D }, {});
  });
}

/**
 * Mean softmax cross-entropy with a distribution over the classes per row: mixed or smoothed labels.
 *
 * L = -1/M Σ_i Σ_j t_ij · log softmax(x_i)_j
 *
 * @param logits `[M, C]`
 * @param targets `[M, C]`, each row ≥ 0 and of sum 1; data, so no gradient reaches them
 * @returns a scalar ≥ 0
 * @throws RangeError if the shapes differ
 * @example
 * softTargetCrossEntropy(zeros([1, 2]), tensor2d([[0.9, 0.1]])); // log 2
 */
export function softTargetCrossEntropy(logits: Tensor2D, targets: Tensor2D): Scalar {
  expectRank('softTargetCrossEntropy', 'logits', logits, 2);
  expectInteger('softTargetCrossEntropy', 'the size of logits', logits.size);
  expectShape('softTargetCrossEntropy', 'targets', targets, logits.shape);
  return op({ logits, target: targets }, {});
}
