import { type Scalar, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { expectRank, expectShape } from '@twocan/core';
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
 * @returns a scalar ≥ 0, differentiable in `prediction`
 * @throws RangeError if the shapes do not fit
 * @example
 * noisePredictionLoss(prediction, patchify(noise, 4), visibleWeights(mask));
 *
 * Mishra et al., "A simple, efficient and scalable contrastive masked autoencoder" (CAN), 2022.
 */
export function noisePredictionLoss(
  prediction: Tensor3D,
  noise: Tensor3D,
  visible: Tensor2D,
): Scalar {
  expectRank('noisePredictionLoss', 'prediction', prediction, 3);
  expectShape('noisePredictionLoss', 'noise', noise, prediction.shape);
  expectShape('noisePredictionLoss', 'visible', visible, prediction.shape.slice(0, 2));
  return tidy(() => weightedMeanSquaredError(prediction, noise, visible));
}
