import { expectOptions } from '@twocan/core';
import { spectrumOf } from './spectrum.ts';

/** The ranks that the line is fitted to: the first few directions follow no power law. */
const [FIRST, LAST] = [4, 100] as const;

/**
 * How fast the variances of features fall from one direction to the next: α of λ_i ∝ i^(-α).
 *
 * λ are the eigenvalues of the covariance, the largest first; α is the slope of a line through ln λ_i over ln i,
 * ranks 4 to 100, each with the weight 1/i. About 1 is what good features were found to have. Far above, a few
 * directions hold nearly all of the variance; far below, the tail is as large as noise.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @returns α; nothing where features vary in fewer than 5 directions
 * @throws RangeError if rows are empty, uneven or not finite
 * @example
 * const alpha = spectrumDecay(features, { rows: 500 });
 *
 * Agrawal et al., "α-ReQ: assessing representation quality in self-supervised learning by measuring eigenspectrum
 * decay" (NeurIPS 2022); ranks and weights as in the authors' code.
 */
export function spectrumDecay(
  features: Float32Array,
  options: { readonly rows: number },
): number | undefined {
  expectOptions('spectrumDecay', 'options', options, ['rows']);
  const prepared = { rows: options.rows, centre: true, normalize: false };
  const points = [...spectrumOf('spectrumDecay', features, prepared)]
    .filter((value) => value > 0)
    .sort((a, b) => b - a)
    .slice(FIRST - 1, LAST)
    .map((value, i) => ({ x: Math.log(i + FIRST), y: Math.log(value), weight: 1 / (i + FIRST) }));
  if (points.length < 2) return undefined;
  const sum = (of: (point: (typeof points)[0]) => number): number =>
    points.reduce((total, point) => total + point.weight * of(point), 0);
  const whole = sum(() => 1);
  const [x, y] = [sum((point) => point.x) / whole, sum((point) => point.y) / whole];
  const across = sum((point) => (point.x - x) * (point.y - y));
  return -across / sum((point) => (point.x - x) ** 2);
}
