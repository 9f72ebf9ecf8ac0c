import type { Tensor } from '@tensorflow/tfjs-core';
import { expectInteger, expectNumber, expectOptions, expectTensor, expectType } from '@twocan/core';
import type { LeafRule } from './transform.ts';

/**
 * The usual weight-decay rule: decay what has more than one dimension.
 *
 * Biases and norm scales are spared; kernels, and as in MAE the class and mask tokens `[1, 1, D]`,
 * decay.
 *
 * @param _path unused
 * @param leaf a parameter
 * @returns whether it decays
 * @example
 * decayMatrices('norm/scale', ones([8])); // false
 */
export function decayMatrices(_path: string, leaf: Tensor): boolean {
  expectTensor('decayMatrices', 'leaf', leaf);
  return leaf.rank > 1;
}

/**
 * A decay rule that spares parameters by path.
 *
 * @param spared tested against each path
 * @param otherwise the rule for the rest, {@link decayMatrices} by default
 * @returns a rule
 * @example
 * adamw({ learningRate: 1e-3, decays: spare(/\/(cls|mask)$/) });
 */
export function spare(
  spared: RegExp,
  otherwise: LeafRule<boolean> = decayMatrices,
): LeafRule<boolean> {
  expectType('spare', 'spared', spared, RegExp);
  expectType('spare', 'otherwise', otherwise, 'function');
  // A copy without flags: `g` and `y` would make the answer depend on the call before.
  const pattern = new RegExp(spared.source, spared.flags.replace(/[gy]/g, ''));
  return (path, leaf) => !pattern.test(path) && otherwise(path, leaf);
}

/**
 * Layer-wise learning rates for fine-tuning: the deeper, the larger.
 *
 * scale = decay^(depth + 1 − layer), so that what comes after the last block keeps its rate.
 *
 * @param options `depth`, the number of blocks; `decay` in (0, 1]; `layerOf`, the layer of a parameter by
 *   its path: 0 for what comes before the blocks, 1 … depth for these, depth + 1 for what comes after
 * @returns the factor on the learning rate by path
 * @throws RangeError for a depth below 1, a decay outside (0, 1] or a layer that is none
 * @example
 * const layerOf = (path: string): number => (path.startsWith('stem/') ? 0 : 13);
 * layerDecay({ depth: 12, decay: 0.65, layerOf })('stem/kernel'); // 0.65¹³
 *
 * Clark et al., arXiv 2003.10555; as in facebookresearch/mae, util/lr_decay.py.
 */
export function layerDecay(options: {
  readonly depth: number;
  readonly decay: number;
  readonly layerOf: (path: string) => number;
}): (path: string) => number {
  expectOptions('layerDecay', 'options', options, ['depth', 'decay', 'layerOf'], []);
  const { depth, decay, layerOf } = options;
  expectInteger('layerDecay', 'depth', depth);
  expectNumber('layerDecay', 'decay', decay, 'lie in (0, 1]', (x) => x > 0 && x <= 1);
  expectType('layerDecay', 'layerOf', layerOf, 'function');
  return (path) => {
    expectType('layerDecay', 'path', path, 'string');
    const layer = layerOf(path);
    expectInteger('layerDecay', `the layer of '${path}'`, layer, 0, depth + 1);
    return decay ** (depth + 1 - layer);
  };
}
