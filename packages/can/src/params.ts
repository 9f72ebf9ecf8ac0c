import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { ProjectorParams } from '@twocan/contrastive';
import type { DenseParams } from '@twocan/nn';
import type { LevelMlpParams } from '@twocan/noise';
import type { DecoderParams, EncoderParams } from '@twocan/vit';

/** The parameters of CAN; what the config does not use is absent. */
export type CanParams = {
  readonly encoder: EncoderParams;
  readonly decoder?: Omit<DecoderParams, 'mask'> & Partial<Pick<DecoderParams, 'mask'>>;
  /** From an encoded patch to its noise, `[D, P]`, where the noise is not predicted by the decoder. */
  readonly denoiser?: DenseParams;
  readonly projector?: ProjectorParams;
  readonly level?: LevelMlpParams;
};

/** A batch: `config.views` tensors `[B, H, W, C]` of normalised pixels, row b of the same image. */
export type CanBatch = { readonly views: readonly Tensor4D[] };
