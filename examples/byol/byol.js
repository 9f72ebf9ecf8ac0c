// BYOL as one term of the method's loss: Grill et al., arXiv 2006.07733. A predictor learns to map the projection of
// one view to what the averaged parameters, the teacher, make of the other view.
import { add, concat, mean, mul, sqrt, square, sub, sum } from '@tensorflow/tfjs-core';
import { initProjector, project } from '@twocan/contrastive';
import { stopGradient } from '@twocan/core';
import { normalizeRows } from '@twocan/ops';

/** The predictor: a second head, from projections to projections. */
export const initPredictor = (key, { hidden, out }) =>
  initProjector(key, { in: out, hidden, layers: 1, out, batchNorm: true });

/** |u − v|² of unit rows, 2 − 2·cosine: 0 where they agree, 2 where they are unrelated. */
const distance = (x, y) => mean(sum(square(sub(normalizeRows(x), normalizeRows(y))), 1));

/** 1 where the projections of different images point everywhere, 0 where all are the same (collapse). */
function spread(z) {
  const u = normalizeRows(z);
  const variance = mean(square(sub(u, mean(u, 0))), 0);
  return mul(mean(sqrt(variance)), Math.sqrt(z.shape[1]));
}

export const byol = {
  name: 'byol',
  weight: 1,
  needs: ['embeddings', 'teacher'],
  loss: ({ embeddings: { a, b }, teacher }, _batch, { params }) => {
    const predict = (z) => project(params.predictor, z);
    const goal = teacher.embeddings;
    return {
      loss: mul(0.5, add(distance(predict(a), goal.b), distance(predict(b), goal.a))),
      metrics: { spread: stopGradient(() => spread(concat([a, b], 0))) },
    };
  },
};
