import { div, greater, mul, type Scalar, type Tensor, where } from '@tensorflow/tfjs-core';

/** Tensors times a power of two, and their norm as one vector, which can be neither infinite nor lost. */
export type Scaled = {
  readonly tensors: readonly Tensor[];
  readonly factor: Scalar;
  readonly size: Scalar;
};

// Norms between these were computed from squares that neither overflow nor vanish.
const [SMALL, BIG] = [2 ** -40, 2 ** 60];

/**
 * Multiplies tensors by the power of two at which the sum of their squares fits into float32.
 *
 * The factor is 1 for a norm between 2⁻⁴⁰ and 2⁶⁰, so ordinary tensors keep their bits. The true norm is
 * `size / factor`.
 *
 * @param tensors any shapes
 * @param norm their Euclidean norm as one vector, by sums of squares
 * @returns the scaled tensors, the factor, and the norm of the scaled tensors
 */
export function scaleForNorm(
  tensors: readonly Tensor[],
  norm: (tensors: readonly Tensor[]) => Scalar,
): Scaled {
  const first = norm(tensors);
  const ordinaryOrSmall = where(greater(first, SMALL), 1, 2 ** 100);
  const factor = where(greater(first, BIG), 2 ** -90, ordinaryOrSmall) as Scalar;
  const scaled = tensors.map((t) => mul(t, factor));
  return { tensors: scaled, factor, size: norm(scaled) };
}

/** The true norm: infinite only where it is beyond float32 itself. */
export const trueNorm = ({ size, factor }: Scaled): Scalar => div(size, factor);
