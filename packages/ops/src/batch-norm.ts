import {
  add,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  type Communicator,
  expectCommunicator,
  expectEpsilon,
  expectInteger,
  expectRank,
  expectShape,
  solo,
} from '@twocan/core';
import { defineOp } from './define.ts';
import { sumOverRanks } from './ranks.ts';
import { sumRows } from './rows.ts';

/** The mean of the rows of `[B, D]` as `[1, D]`. */
const meanRows = (x: Tensor2D): Tensor => reshape(mul(sumRows(x), 1 / x.shape[0]), [1, x.shape[1]]);

type Norm = { readonly x: Tensor2D; readonly scale: Tensor1D; readonly bias: Tensor1D };

const op = defineOp({
  name: 'batchNorm',
  inputs: ['x', 'scale', 'bias'],
  forward: ({ x, scale, bias }: Norm, { epsilon }: { readonly epsilon: number }) => {
    const centred = sub(x, meanRows(x)) as Tensor2D;
    const inverseDeviation = rsqrt(add(meanRows(square(centred)), epsilon));
    const normalized = mul(centred, inverseDeviation) as Tensor2D;
    const y = add(mul(normalized, scale), bias) as Tensor2D;
    return { y, normalized, inverseDeviation };
  },
  backward: ({ dy, scale, normalized, inverseDeviation }) => {
    const d = dy as Tensor2D;
    const weighted = mul(d, normalized) as Tensor2D;
    const centred = sub(sub(d, meanRows(d)), mul(normalized, meanRows(weighted)));
    const slope = mul(inverseDeviation, scale);
    return { x: mul(centred, slope), scale: sumRows(weighted), bias: sumRows(d) };
  },
});

/**
 * Batch normalisation with the statistics of this batch (biased variance), as PyTorch in training.
 *
 * No running statistics are kept: it serves projection heads, which are thrown away.
 *
 * @param x `[B, D]`, of magnitudes up to 10¹⁶: squares of larger ones may overflow float32
 * @param scale `[D]`
 * @param bias `[D]`
 * @param epsilon added to the variance
 * @param communicator the ranks whose rows, B on each, have their statistics in common; one process by default
 * @returns `[B, D]`
 * @throws RangeError if the shapes do not fit
 * @example
 * batchNorm(x, ones([8]), zeros([8]));
 *
 * Ioffe & Szegedy, arXiv 1502.03167.
 */
export function batchNorm(
  x: Tensor2D,
  scale: Tensor1D,
  bias: Tensor1D,
  epsilon = 1e-5,
  communicator: Communicator = solo,
): Tensor2D {
  expectRank('batchNorm', 'x', x, 2);
  expectInteger('batchNorm', 'the number of rows of x', x.shape[0]);
  expectEpsilon('batchNorm', epsilon);
  expectShape('batchNorm', 'scale', scale, [x.shape[1]]);
  expectShape('batchNorm', 'bias', bias, [x.shape[1]]);
  expectCommunicator('batchNorm', 'communicator', communicator);
  if (communicator.size === 1) return op({ x, scale, bias }, { epsilon });
  const meanOfAll = (rows: Tensor2D): Tensor =>
    mul(sumOverRanks(meanRows(rows), communicator), 1 / communicator.size);
  return tidy(() => {
    const centred = sub(x, meanOfAll(x)) as Tensor2D;
    const inverseDeviation = rsqrt(add(meanOfAll(square(centred)), epsilon));
    return add(mul(mul(centred, inverseDeviation), scale), bias) as Tensor2D;
  });
}
