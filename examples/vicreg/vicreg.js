// VICReg as three terms of the method's loss: Bardes et al., arXiv 2105.04906, with the weights of the paper.
import {
  add,
  matMul,
  mean,
  mul,
  pow,
  relu,
  square,
  sub,
  sum,
  transpose,
} from '@tensorflow/tfjs-core';

const GOAL = 1; // the standard deviation that each feature should reach
const EPSILON = 1e-4;

const centred = (z) => sub(z, mean(z, 0));

/** How far the features' standard deviations over the batch are below the goal. */
function tooNarrow(z) {
  const variance = mul(sum(square(centred(z)), 0), 1 / (z.shape[0] - 1));
  return mean(relu(sub(GOAL, pow(add(variance, EPSILON), 0.5))));
}

/** The squares of the covariances between different features, summed and divided by their number. */
function correlated(z) {
  const x = centred(z);
  const covariance = mul(matMul(transpose(x), x), 1 / (z.shape[0] - 1)); // [Z, Z]
  const variances = mul(sum(square(x), 0), 1 / (z.shape[0] - 1));
  return mul(sub(sum(square(covariance)), sum(square(variances))), 1 / z.shape[1]);
}

const term = (name, weight, of) => ({
  name,
  weight,
  needs: ['embeddings'],
  loss: ({ embeddings: { a, b } }) => ({ loss: of(a, b) }),
});

export const vicreg = [
  term('invariance', 25, (a, b) => mean(square(sub(a, b)))),
  term('variance', 25, (a, b) => mul(0.5, add(tooNarrow(a), tooNarrow(b)))),
  term('covariance', 1, (a, b) => add(correlated(a), correlated(b))),
];
