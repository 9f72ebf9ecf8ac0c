import { ones, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import type { LossOutput } from '@twocan/core';
import { noisePredictionLoss } from '@twocan/denoising';
import { visibleWeights } from '@twocan/masking';
import { type CanConfig, choicesOf } from '../config.ts';
import type { Parts } from '../parts.ts';
import type { Kind } from './kind.ts';

/** The error of the predicted noise on visible patches. */
export const denoising: Kind = (config) =>
  choicesOf(config).from === 'encoder' ? byEncoder(config) : byDecoder(config);

const byDecoder: Kind<'predictions' | 'noise'> = (config) => ({
  needs: ['predictions', 'noise'],
  loss: (parts) => errorOf(config, parts.predictions, parts),
});

const byEncoder: Kind<'noisePredictions' | 'noise'> = (config) => ({
  needs: ['noisePredictions', 'noise'],
  loss: (parts) => errorOf(config, parts.noisePredictions, parts),
});

function errorOf(
  config: CanConfig,
  predicted: Tensor3D,
  { noise, mask, levels }: Parts<'noise'>,
): LossOutput {
  const [images, patches] = predicted.shape;
  const visible = mask ? visibleWeights(mask) : (ones([images, patches]) as Tensor2D);
  const alike = choicesOf(config).weight === 'equal' ? levels : undefined;
  return { loss: noisePredictionLoss(predicted, noise, visible, alike) };
}
