import {
  abs,
  add,
  div,
  max,
  mean,
  mul,
  relu,
  rsqrt,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectRank, expectShape } from '@twocan/core';
import { floatOf } from '@twocan/ops';

const EPSILON = 1e-6;

// Beyond this a patch is divided by how far it goes beyond, since its squares would overflow.
const BIG = 2 ** 50;

type Moments = { scaled: Tensor; divisor: Tensor; centre: Tensor; variance: Tensor };

/** Each patch over a divisor, 1 unless its values are huge, and the mean and unbiased variance plus ε of that. */
function moments(patches: Tensor3D): Moments {
  const beyond = relu(sub(mul(max(abs(patches), 2, true), 1 / BIG), 1));
  const divisor = add(beyond, 1);
  const scaled = div(patches, divisor);
  const centre = mean(scaled, 2, true);
  const variance = mul(sum(square(sub(scaled, centre)), 2, true), 1 / (patches.shape[2] - 1));
  return { scaled, divisor, centre, variance: add(variance, EPSILON) };
}

function expectPatches(caller: string, argument: string, patches: Tensor3D): void {
  expectRank(caller, argument, patches, 3);
  if (patches.shape[2] >= 2) return;
  throw new RangeError(
    `${caller}: a patch must have at least 2 values, got shape [${patches.shape.join(', ')}]`,
  );
}

/**
 * Gives each patch mean 0 and variance 1: `(t − mean) / √(var + 10⁻⁶)`, var divided by P − 1.
 * No finite patch is too large.
 *
 * @param patches `[B, N, P]`, P = patch · patch · channels ≥ 2
 * @returns `[B, N, P]`
 * @throws RangeError if the rank is not 3 or a patch has one value only
 * @example
 * normalizePatches(tensor3d([[[1, 3]]])).print(); // [[[-0.7071066, 0.7071066]]]
 *
 * He et al., "Masked autoencoders are scalable vision learners", 2022; `norm_pix_loss` of its code.
 */
export function normalizePatches(patches: Tensor3D): Tensor3D {
  expectPatches('normalizePatches', 'patches', patches);
  return tidy(() => {
    const floats = floatOf('normalizePatches', 'patches', patches);
    const { scaled, centre, variance } = moments(floats);
    return mul(sub(scaled, centre), rsqrt(variance)) as Tensor3D;
  });
}

/**
 * Turns predictions in normalised-pixel space into pixels with the reference's mean and variance.
 *
 * For pictures only: a model trained on normalised targets does not predict a patch's mean and
 * contrast, so they are taken from the true patch. Mention this next to such a picture.
 *
 * @param prediction `[B, N, P]`, in the space of {@link normalizePatches}
 * @param reference the true patches, `[B, N, P]`
 * @returns `[B, N, P]`, in the units of `reference`
 * @throws RangeError if the shapes differ
 * @example
 * denormalizePatches(normalizePatches(t), t); // t again
 */
export function denormalizePatches(prediction: Tensor3D, reference: Tensor3D): Tensor3D {
  expectPatches('denormalizePatches', 'reference', reference);
  expectShape('denormalizePatches', 'prediction', prediction, reference.shape);
  return tidy(() => {
    const floats = floatOf('denormalizePatches', 'reference', reference);
    const { divisor, centre, variance } = moments(floats);
    return mul(add(mul(prediction, sqrt(variance)), centre), divisor) as Tensor3D;
  });
}
