import { ones, type Tensor2D } from '@tensorflow/tfjs-core';
import { noisePredictionLoss } from '@twocan/denoising';
import { visibleWeights } from '@twocan/masking';
import { choicesOf } from '../config.ts';
import type { Kind } from './kind.ts';

/** The error of the predicted noise on visible patches. */
export const denoising: Kind<'predictions' | 'noise'> = {
  needs: ['predictions', 'noise'],
  lossOf:
    (config) =>
    ({ predictions, noise, mask, levels }) => {
      const [images, patches] = predictions.shape;
      const visible = mask ? visibleWeights(mask) : (ones([images, patches]) as Tensor2D);
      const alike = choicesOf(config).weight === 'equal' ? levels : undefined;
      return { loss: noisePredictionLoss(predictions, noise, visible, alike) };
    },
};
