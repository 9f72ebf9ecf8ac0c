import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  fold,
  type Key,
  uniform,
} from '@twocan/core';
import type { BranchScales } from '@twocan/nn';

/**
 * Draws stochastic depth: which branches of which blocks each image goes without.
 *
 * Block i of L drops a branch with probability p = rate · i / (L − 1) and multiplies those it keeps by
 * 1 / (1 − p), so that the mean stays.
 *
 * @param key folded by block and branch
 * @param options images B, blocks L, the last block's `rate` in [0, 1)
 * @returns the factors of each block, from the first
 * @throws RangeError for a rate outside [0, 1)
 * @example
 * const paths = sampleDropPath(key(0), { batch: 64, depth: 12, rate: 0.1 });
 *
 * Huang et al., arXiv 1603.09382; the linear rule as in timm.
 */
export function sampleDropPath(
  key: Key,
  options: { readonly batch: number; readonly depth: number; readonly rate: number },
): readonly BranchScales[] {
  expectKey('sampleDropPath', 'key', key);
  expectOptions('sampleDropPath', 'options', options, ['batch', 'depth', 'rate'], []);
  const { batch, depth, rate } = options;
  expectInteger('sampleDropPath', 'batch', batch, 0);
  expectInteger('sampleDropPath', 'depth', depth, 0, 2 ** 12);
  expectNumber('sampleDropPath', 'rate', rate, 'lie in [0, 1)', (x) => x >= 0 && x < 1);
  return Array.from({ length: depth }, (_, i) => {
    const dropped = depth === 1 ? rate : (rate * i) / (depth - 1);
    const draw = (branch: string): Float32Array =>
      uniform(fold(fold(key, i), branch), batch).map((u) => (u < dropped ? 0 : 1 / (1 - dropped)));
    return { attention: draw('attention'), mlp: draw('mlp') };
  });
}
