import { expectNumber, expectOptions, expectType } from '@twocan/core';
import { spectrumOf } from './spectrum.ts';

/**
 * How many directions features use: 1 for collapsed ones, D for evenly spread ones.
 *
 * exp(-Σ p_i ln p_i), p_i = s_i / Σ s, over the singular values s of the rows after centring and
 * scaling each to length 1. Costs M·D² + (4/3) D³ operations in float64 on the host.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @param options.centre subtract the mean row first; default true
 * @param options.normalize scale rows to length 1; default true
 * @param options.epsilon added to each p_i; default 0
 * @returns between 1 and min(M, D); 0 if all rows are equal (or zero)
 * @throws RangeError if rows are empty, uneven or not finite
 * @example
 * effectiveRank(new Float32Array([1, 0, 0, 1]), { rows: 2, centre: false }); // 2
 *
 * Roy and Vetterli, "The effective rank" (2007). {@link rankMe} is the same of the features as they are.
 */
export function effectiveRank(
  features: Float32Array,
  options: {
    readonly rows: number;
    readonly centre?: boolean;
    readonly normalize?: boolean;
    readonly epsilon?: number;
  },
): number {
  const free = ['centre', 'normalize', 'epsilon'];
  expectOptions('effectiveRank', 'options', options, ['rows'], free);
  const { rows, centre = true, normalize = true, epsilon = 0 } = options;
  expectType('effectiveRank', 'centre', centre, 'boolean');
  expectType('effectiveRank', 'normalize', normalize, 'boolean');
  expectNumber('effectiveRank', 'epsilon', epsilon, 'be in [0, 1)', (x) => x >= 0 && x < 1);
  const eigenvalues = spectrumOf('effectiveRank', features, { rows, centre, normalize });
  const singular = Array.from(eigenvalues, Math.sqrt);
  const total = singular.reduce((a, b) => a + b, 0);
  if (total === 0) return 0;
  const entropy = singular.reduce((sum, s) => {
    const p = s / total + epsilon;
    return p > 0 ? sum - p * Math.log(p) : sum;
  }, 0);
  return Math.exp(entropy);
}

/**
 * RankMe: the effective rank of features as they are, neither centred nor scaled.
 *
 * exp(-Σ p_i ln p_i), p_i = s_i / Σ s + 1e-7. The mean of all features counts as a direction, and usually as the
 * largest, so it lies below {@link effectiveRank} where features have a mean; it is the number that papers report.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @returns between 1 and min(M, D); 0 if all are zero
 * @throws RangeError if rows are empty, uneven or not finite
 * @example
 * rankMe(new Float32Array([1, 0, 0, 1]), { rows: 2 }); // 2
 *
 * Garrido et al., "RankMe: assessing the downstream performance of pretrained self-supervised representations by
 * their rank" (2023), arXiv:2210.02885.
 */
export function rankMe(features: Float32Array, options: { readonly rows: number }): number {
  expectOptions('rankMe', 'options', options, ['rows']);
  const { rows } = options;
  return effectiveRank(features, { rows, centre: false, normalize: false, epsilon: 1e-7 });
}
