import { mul, type Tensor3D, tensor3d, tidy } from '@tensorflow/tfjs-core';
import {
  expectKey,
  expectOptions,
  expectParams,
  expectRank,
  expectType,
  fold,
  type Key,
  refuse,
} from '@twocan/core';
import { residualSum } from '@twocan/ops';
import {
  type AttentionParams,
  type HeadsOption,
  initAttention,
  multiHeadAttention,
} from './attention.ts';
import { initMlp, type MlpConfig, type MlpParams, mlp } from './mlp.ts';
import { initNorm, layerNorm, type NormParams } from './norm.ts';

/** A pre-norm transformer block. */
export type BlockParams = {
  readonly norm1: NormParams;
  readonly attention: AttentionParams;
  readonly norm2: NormParams;
  readonly mlp: MlpParams;
};

/** The sizes of a block. */
export type BlockConfig = MlpConfig;

/** Options of a block. */
export type BlockOptions = HeadsOption & {
  /** Added to the variances; 1e-6 where it is left out. */
  readonly epsilon?: number;
  /** Factors on the two branches of each example, for stochastic depth; none where left out. */
  readonly branches?: BranchScales | undefined;
};

/** Factors on what a block's two branches add, one for each example: 0 drops the branch. */
export type BranchScales = {
  /** `[B]` */
  readonly attention: Float32Array;
  /** `[B]` */
  readonly mlp: Float32Array;
};

/**
 * Draws a transformer block.
 *
 * @param key folded by `attention` and `mlp`
 * @param config width and MLP ratio
 * @returns fresh parameters
 * @throws RangeError if a width is not a positive integer
 * @example
 * const params = initBlock(key(0), { width: 96, mlpRatio: 4 });
 */
export function initBlock(key: Key, config: BlockConfig): BlockParams {
  expectKey('initBlock', 'key', key);
  expectOptions('initBlock', 'config', config, ['width'], ['mlpRatio']);
  return {
    norm1: initNorm(config),
    attention: initAttention(fold(key, 'attention'), config),
    norm2: initNorm(config),
    mlp: initMlp(fold(key, 'mlp'), config),
  };
}

/**
 * A pre-norm transformer block: y = x + attention(norm1(x)), then y + mlp(norm2(y)); each sum's second
 * part times the example's factor where `branches` are given.
 *
 * @param params from {@link initBlock}
 * @param options heads, epsilon and factors on the branches
 * @param x tokens, `[B, N, D]`
 * @returns `[B, N, D]`
 * @throws RangeError if the shapes do not fit or the heads do not divide the width
 * @example
 * transformerBlock(initBlock(key(0), { width: 8 }), { heads: 2 }, ones([2, 5, 8]));
 *
 * Dosovitskiy et al., arXiv 2010.11929, equations 2 and 3.
 */
export function transformerBlock(
  params: BlockParams,
  options: BlockOptions,
  x: Tensor3D,
): Tensor3D {
  expectParams('transformerBlock', 'params', params, ['norm1', 'attention', 'norm2', 'mlp']);
  expectOptions('transformerBlock', 'options', options, ['heads'], ['epsilon', 'branches']);
  expectRank('transformerBlock', 'x', x, 3);
  const { heads, epsilon = 1e-6, branches } = options;
  if (branches !== undefined) expectBranches(branches, x.shape[0]);
  return tidy(() => {
    const normalized = layerNorm(params.norm1, x, epsilon) as Tensor3D;
    const attended = multiHeadAttention(params.attention, { heads }, normalized);
    const y = residualSum(x, scaled(attended, branches?.attention));
    const after = mlp(params.mlp, layerNorm(params.norm2, y, epsilon)) as Tensor3D;
    return residualSum(y, scaled(after, branches?.mlp));
  });
}

function expectBranches(branches: BranchScales, batch: number): void {
  expectOptions('transformerBlock', 'branches', branches, ['attention', 'mlp'], []);
  for (const name of ['attention', 'mlp'] as const) {
    expectType('transformerBlock', `branches.${name}`, branches[name], Float32Array);
    const count = branches[name].length;
    if (count !== batch) {
      refuse('transformerBlock', `branches.${name}`, `hold ${batch} factors`, branches[name]);
    }
  }
}

const scaled = (branch: Tensor3D, factors: Float32Array | undefined): Tensor3D =>
  factors === undefined ? branch : mul(branch, tensor3d(factors, [factors.length, 1, 1]));
