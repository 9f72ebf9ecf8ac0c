import {
  mul,
  type Scalar,
  type Tensor2D,
  type Tensor3D,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectRank, expectShape, expectType, refuse } from '@twocan/core';
import { weightedMeanSquaredError } from '@twocan/ops';

/**
 * The mean squared error of predicted noise over visible patches:
 * `Σ_bn v · mean_P (prediction − σε)² / Σ_bn v`.
 *
 * The target is the noise that was added, σε, and is never normalised: normalising it per patch
 * would erase the level σ that the decoder gets. Predicting 0 gives E[σ²] = σ_max²/3.
 *
 * @param prediction the decoder's output, `[B, N, P]`
 * @param noise the added noise σε in patches, `[B, N, P]`, a constant: no gradient flows into it
 * @param visible 1 for a patch that the encoder saw, 0 for a masked one, `[B, N]`; not all zero
 * @param levels σ of each image, `[B]`, where all levels are to weigh alike: errors are divided by σ, so that the target
 *   is ε and predicting 0 costs 1; an image without noise costs nothing. Without them, loud images weigh σ² times as much
 * @returns a scalar ≥ 0, differentiable in `prediction`
 * @throws RangeError if the shapes do not fit, or there is not one level for each image
 * @example
 * noisePredictionLoss(prediction, patchify(noise, 4), visibleWeights(mask));
 *
 * Mishra et al., "A simple, efficient and scalable contrastive masked autoencoder" (CAN), 2022.
 */
export function noisePredictionLoss(
  prediction: Tensor3D,
  noise: Tensor3D,
  visible: Tensor2D,
  levels?: Float32Array,
): Scalar {
  expectRank('noisePredictionLoss', 'prediction', prediction, 3);
  expectShape('noisePredictionLoss', 'noise', noise, prediction.shape);
  expectShape('noisePredictionLoss', 'visible', visible, prediction.shape.slice(0, 2));
  if (levels === undefined) {
    return tidy(() => weightedMeanSquaredError(prediction, noise, visible));
  }
  expectType('noisePredictionLoss', 'levels', levels, Float32Array);
  const [images] = prediction.shape;
  if (levels.length !== images) {
    refuse('noisePredictionLoss', 'levels', `hold one σ for each of ${images} images`, levels);
  }
  const inverse = levels.map((level) => (level > 0 ? 1 / level : 0));
  return tidy(() => {
    const each = tensor3d(inverse, [images, 1, 1]);
    return weightedMeanSquaredError(mul(prediction, each), mul(noise, each), visible);
  });
}
