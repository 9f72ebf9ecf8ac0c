import {
  add,
  concat,
  mul,
  type Scalar,
  type Tensor2D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectInteger,
  expectNumber,
  expectOptions,
  expectRank,
  expectShape,
  solo,
} from '@twocan/core';
import { gatherRows, linear, normalizeRows, softmaxCrossEntropy } from '@twocan/ops';

// Removes an image's similarity with itself from the softmax: exp(-1e9) is 0 in float32.
const REMOVED = -1e9;

/**
 * The InfoNCE (NT-Xent) loss between two views of the same images.
 *
 * With u = z/|z| of both views stacked, 2B rows, and pos(i) the other view of row i:
 * `1/2B · Σᵢ −log( exp(uᵢ·u_pos(i)/τ) / Σ_{j≠i} exp(uᵢ·u_j/τ) )`,
 * one positive and 2B − 2 negatives for each row. It is the mean over rows and over both views;
 * SimCLR's own code sums the two views' means, twice this value.
 *
 * Over several ranks, each gives the views of its own B images, and the rows of all are contrasted. A rank gets the
 * mean over its own rows: the mean of what all ranks get is the loss, and the mean of their gradients its gradient.
 *
 * @param zA embeddings of the first view, `[B, Z]`, B ≥ 2 over all ranks; rows are normalised inside
 * @param zB embeddings of the second view, `[B, Z]`, row i from the same image as row i of `zA`
 * @param options.temperature τ > 0, 0.1 in CAN
 * @param options.communicator the ranks; one process by default
 * @returns the loss, a scalar ≥ 0, differentiable in both views
 * @throws RangeError if the shapes differ, there are fewer than 2 images or the temperature is not positive
 * @example
 * const a = tensor2d([[1, 0], [0, 1], [1, 1]]);
 * const b = tensor2d([[0.6, 0.8], [0.8, -0.6], [-1, 1]]);
 * infoNCE(a, b, { temperature: 0.1 }).print(); // 8.6922112
 *
 * Chen et al., "A simple framework for contrastive learning", 2020; CAN (arXiv 2210.16870).
 */
export function infoNCE(
  zA: Tensor2D,
  zB: Tensor2D,
  options: { readonly temperature: number; readonly communicator?: Communicator },
): Scalar {
  expectRank('infoNCE', 'zA', zA, 2);
  expectShape('infoNCE', 'zB', zB, zA.shape);
  const [images, width] = zA.shape;
  expectOptions('infoNCE', 'options', options, ['temperature'], ['communicator']);
  const { temperature, communicator = solo } = options;
  expectCommunicator('infoNCE', 'communicator', communicator);
  if (images * communicator.size < 2) {
    throw new RangeError(
      `infoNCE: zA must have at least 2 rows, without others there is nothing to tell apart, got ${images}`,
    );
  }
  expectInteger('infoNCE', 'the width of zA', width);
  // Below, the diagonal would no longer be out of reach; far above, every logit is the same.
  expectNumber('infoNCE', 'temperature', temperature, 'be positive', (x) => x > 0 && x < Infinity);
  expectNumber('infoNCE', 'temperature', temperature, 'be at least 1e-6', (x) => x >= 1e-6);
  return tidy(() => {
    const batch = zA.shape[0];
    const rows = 2 * batch;
    const u = normalizeRows(concat([zA, zB], 0)) as Tensor2D;
    const all = communicator.size === 1 ? u : gatherRows(u, communicator);
    const [columns, first] = [all.shape[0], communicator.rank * rows];
    const similarity = linear(u, transpose(all) as Tensor2D);
    const diagonal = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) diagonal[i * columns + first + i] = REMOVED;
    const logits = add(mul(similarity, 1 / temperature), tensor2d(diagonal, [rows, columns]));
    const positive = Int32Array.from({ length: rows }, (_, i) => first + ((i + batch) % rows));
    return softmaxCrossEntropy(logits as Tensor2D, positive);
  });
}
