import {
  mean,
  slice,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectKey,
  expectOptions,
  expectParams,
  expectType,
  fold,
  type Key,
  normal,
} from '@twocan/core';
import {
  type BranchScales,
  type DenseParams,
  initNorm,
  layerNorm,
  type NormParams,
} from '@twocan/nn';
import { linear } from '@twocan/ops';
import { expectViTConfig, type ViTConfig } from './config.ts';
import { type EncoderParams, embedPatches, encodeBlocks } from './encoder.ts';

/** An encoder under a linear head; the encoder's own last norm is not part of it. */
export type ClassifierParams = {
  readonly encoder: Omit<EncoderParams, 'norm'>;
  /** Normalises the mean of the patch tokens. */
  readonly norm: NormParams;
  /** `[D, C]` */
  readonly head: DenseParams;
};

/**
 * A classifier on top of an encoder: fresh norm, and a head so small that all classes are alike.
 *
 * @param key folded by `head`
 * @param encoder trained or fresh parameters; taken into the tree as they are, not copied
 * @param options width D of the encoder, number of classes C
 * @returns the tree; its norm and head are fresh
 * @example
 * const params = initClassifier(key(0), encoder, { width: 192, classes: 10 });
 *
 * He et al., arXiv 2111.06377, appendix A.1: the head is drawn from N(0, 2e-5²).
 */
export function initClassifier(
  key: Key,
  encoder: Omit<EncoderParams, 'norm'>,
  options: { readonly width: number; readonly classes: number },
): ClassifierParams {
  expectKey('initClassifier', 'key', key);
  expectParams('initClassifier', 'encoder', encoder, ['patch', 'cls', 'blocks']);
  expectType('initClassifier', 'encoder.blocks', encoder.blocks, Array);
  expectOptions('initClassifier', 'options', options, ['width', 'classes'], []);
  const width = expectInteger('initClassifier', 'width', options.width);
  const classes = expectInteger('initClassifier', 'classes', options.classes);
  expectInteger('initClassifier', 'width times classes', width * classes);
  const draws = normal(fold(key, 'head'), width * classes).map((x) => 2e-5 * x);
  const { norm: _, ...kept } = encoder as EncoderParams;
  return {
    encoder: kept,
    norm: initNorm({ width }),
    head: { kernel: tensor2d(draws, [width, classes]), bias: zeros([classes]) as Tensor1D },
  };
}

/**
 * Scores of the classes: the mean of the patch tokens after the last block, normalised, into the head.
 *
 * @param params from {@link initClassifier}
 * @param config the encoder
 * @param images `[B, H, W, C]`, normalised pixels
 * @param paths factors on the branches while training, from `sampleDropPath`; none for judging
 * @returns `[B, classes]`
 * @throws RangeError if the images are not of the config's size
 * @example
 * const logits = classify(params, config, images);
 *
 * He et al., arXiv 2111.06377, as in facebookresearch/mae, models_vit.py with global_pool.
 */
export function classify(
  params: ClassifierParams,
  config: ViTConfig,
  images: Tensor4D,
  paths?: readonly BranchScales[],
): Tensor2D {
  expectViTConfig('classify', config);
  expectParams('classify', 'params', params, ['encoder', 'norm', 'head']);
  expectOptions('classify', 'params.encoder', params.encoder, ['patch', 'cls', 'blocks']);
  if (paths !== undefined) expectType('classify', 'paths', paths, Array);
  return tidy(() => {
    const tokens = embedPatches(params.encoder, config, images);
    const encoded = encodeBlocks(params.encoder, config, tokens, paths);
    const [batch, count, width] = encoded.shape;
    const pooled = mean(slice(encoded, [0, 1, 0], [batch, count - 1, width]), 1);
    const { kernel, bias } = params.head;
    return linear(layerNorm(params.norm, pooled, config.epsilon), kernel, bias) as Tensor2D;
  });
}
