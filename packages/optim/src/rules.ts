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
 * scale = decay^(depth + 1 − id), with id 0 for the patch embedding and class token, i + 1 for
 * block i of the encoder and depth + 1 for everything else.
 *
 * @param options `depth`, the encoder's number of blocks; `decay` in (0, 1]
 * @returns the factor on the learning rate by path
 * @throws RangeError for a depth below 1 or a decay outside (0, 1]
 * @example
 * layerDecay({ depth: 12, decay: 0.65 })('encoder/blocks/11/norm1/scale'); // 0.65
 *
 * Clark et al., arXiv 2003.10555; as in facebookresearch/mae, util/lr_decay.py.
 */
export function layerDecay(options: {
  readonly depth: number;
  readonly decay: number;
}): (path: string) => number {
  expectOptions('layerDecay', 'options', options, ['depth', 'decay'], []);
  const { depth, decay } = options;
  expectInteger('layerDecay', 'depth', depth);
  expectNumber('layerDecay', 'decay', decay, 'lie in (0, 1]', (x) => x > 0 && x <= 1);
  return (path) => {
    expectType('layerDecay', 'path', path, 'string');
    const block = /^encoder\/blocks\/(\d+)\//.exec(path)?.[1];
    const inBlock = block === undefined ? depth + 1 : Math.min(Number(block), depth) + 1;
    const id = /^encoder\/(cls$|patch\/)/.test(path) ? 0 : inBlock;
    return decay ** (depth + 1 - id);
  };
}
