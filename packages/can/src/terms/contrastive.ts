import { concat, scalar } from '@tensorflow/tfjs-core';
import { alignment, infoNCE, uniformity } from '@twocan/contrastive';
import { solo, stopGradient } from '@twocan/core';
import type { Kind } from './kind.ts';

/** InfoNCE of the two views' projections; its metrics show a collapse, and how many negatives there are. */
export const contrastive: Kind<'embeddings'> = ({ temperature }) => ({
  needs: ['embeddings'],
  loss: ({ embeddings: { a, b } }, _, { communicator = solo }) => ({
    loss: infoNCE(a, b, { temperature, communicator }),
    metrics: {
      alignment: stopGradient(() => alignment(a, b)),
      uniformity: stopGradient(() => uniformity(concat([a, b], 0), communicator)),
      negatives: scalar(2 * communicator.size * a.shape[0] - 2),
    },
  }),
});
