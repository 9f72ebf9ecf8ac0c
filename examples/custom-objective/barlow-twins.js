// An objective of one's own: a function (params, batch, { key }) -> { loss, metrics }. Nothing
// else is needed for the trainer. This one is redundancy reduction, Zbontar et al., arXiv 2103.03230.
import {
  add,
  matMul,
  mul,
  ones,
  square,
  sub,
  sum,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core';
import { mlp } from '@twocan/nn';
import { batchNorm } from '@twocan/ops';

/** Views should agree in each feature, and no two features should say the same. */
export function barlowTwins({ width, redundancy }) {
  const identity = Float32Array.from({ length: width * width }, (_, i) => +(i % (width + 1) === 0));
  return (params, { a, b }) => {
    const [scale, bias] = [ones([width]), mul(0, ones([width]))];
    const standardize = (view) => batchNorm(mlp(params, view), scale, bias, 1e-5);
    const correlation = mul(matMul(transpose(standardize(a)), standardize(b)), 1 / a.shape[0]);
    const diagonal = tensor2d(identity, [width, width]);
    const squares = square(sub(correlation, diagonal)); // [Z, Z]
    const disagreement = sum(mul(squares, diagonal));
    const overlap = sub(sum(squares), disagreement);
    return {
      loss: add(disagreement, mul(redundancy, overlap)),
      metrics: { disagreement, overlap },
    };
  };
}
