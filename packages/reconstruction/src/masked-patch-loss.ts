import { type Scalar, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { expectOptions, expectRank, expectShape, expectType } from '@twocan/core';
import { weightedMeanSquaredError } from '@twocan/ops';
import { normalizePatches } from './normalize.ts';

/**
 * The mean squared error over masked patches: `Σ_bn m · mean_P (prediction − target)² / Σ_bn m`.
 *
 * The paper writes a sum of squares; both public codes, whose weights are in use, take this mean.
 *
 * @param prediction the decoder's output, `[B, N, P]`
 * @param target the true patches, `[B, N, P]`, a constant: no gradient flows into it
 * @param masked 1 for a masked patch, 0 for a visible one, `[B, N]`; not all zero
 * @param options.normalize give each target patch mean 0 and variance 1 first (MAE's norm_pix_loss)
 * @returns a scalar ≥ 0, differentiable in `prediction`
 * @throws RangeError if the shapes do not fit
 * @example
 * maskedPatchLoss(prediction, patchify(images, 4), maskedWeights(mask), { normalize: true });
 *
 * He et al., "Masked autoencoders are scalable vision learners", 2022.
 */
export function maskedPatchLoss(
  prediction: Tensor3D,
  target: Tensor3D,
  masked: Tensor2D,
  options: { readonly normalize: boolean },
): Scalar {
  expectOptions('maskedPatchLoss', 'options', options, ['normalize'], []);
  const { normalize } = options;
  expectType('maskedPatchLoss', 'normalize', normalize, 'boolean');
  expectRank('maskedPatchLoss', 'prediction', prediction, 3);
  expectShape('maskedPatchLoss', 'target', target, prediction.shape);
  expectShape('maskedPatchLoss', 'masked', masked, prediction.shape.slice(0, 2));
  return tidy(() =>
    weightedMeanSquaredError(prediction, normalize ? normalizePatches(target) : target, masked),
  );
}
