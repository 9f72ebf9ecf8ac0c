import { expectNumber, expectOptions, expectType } from '@twocan/core';
import { type FolderImages, RESAMPLE } from '../foreign/images.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';
import type { Json } from '../run-state.ts';
import {
  expectFolderDecoder,
  expectFolderModel,
  expectImage,
  expectImages,
  expectOneOf,
} from './expect-model.ts';

/** What transformers calls the weights' type. */
export type FolderDtype = 'float32' | 'float16';

/**
 * The config.json of a folder that transformers' `ViTModel` opens, and transformers.js.
 *
 * @param model the encoder
 * @param dtype of the weights
 * @returns plain JSON; the weights beside it are {@link toHuggingFace}'s
 * @throws TypeError or RangeError for a model with something missing
 * @example
 * writeFileSync('config.json', JSON.stringify(vitConfig(encoder)));
 *
 * transformers 5, `configuration_vit.py`.
 */
export function vitConfig(model: FolderModel, dtype: FolderDtype = 'float32'): Json {
  return {
    architectures: ['ViTModel'],
    model_type: 'vit',
    ...shared('vitConfig', model, dtype),
  };
}

/**
 * The config.json of a folder that transformers' `ViTMAEForPreTraining` opens.
 *
 * @param model the encoder
 * @param decoder the decoder
 * @param options share of patches hidden, and whether patches are reconstructed with mean 0 and variance 1
 * @param dtype of the weights
 * @returns plain JSON
 * @throws TypeError or RangeError for a model with something missing
 * @example
 * vitMaeConfig(encoder, decoder, { maskRatio: 0.75, normalizePixels: true });
 *
 * transformers 5, `configuration_vit_mae.py`.
 */
export function vitMaeConfig(
  model: FolderModel,
  decoder: FolderDecoder,
  options: { readonly maskRatio: number; readonly normalizePixels: boolean },
  dtype: FolderDtype = 'float32',
): Json {
  expectFolderDecoder('vitMaeConfig', decoder);
  expectOptions('vitMaeConfig', 'options', options, ['maskRatio', 'normalizePixels'], []);
  const { maskRatio, normalizePixels } = options;
  const fits = (x: number): boolean => x >= 0 && x < 1;
  expectNumber('vitMaeConfig', 'maskRatio', maskRatio, 'be at least 0 and below 1', fits);
  expectType('vitMaeConfig', 'normalizePixels', normalizePixels, 'boolean');
  return {
    architectures: ['ViTMAEForPreTraining'],
    model_type: 'vit_mae',
    ...shared('vitMaeConfig', model, dtype),
    decoder_hidden_size: decoder.width,
    decoder_num_hidden_layers: decoder.depth,
    decoder_num_attention_heads: decoder.heads,
    decoder_intermediate_size: hiddenOf(decoder),
    mask_ratio: maskRatio,
    norm_pix_loss: normalizePixels,
  };
}

/**
 * The preprocessor_config.json that belongs to either: the shorter side is resized, the middle is taken.
 *
 * @param model the encoder
 * @param images normalisation and resizing
 * @returns plain JSON
 * @throws TypeError or RangeError for a description with something missing
 * @example
 * preprocessorConfig(encoder, { mean, std, interpolation: 'bilinear' });
 */
export function preprocessorConfig(model: Pick<FolderModel, 'image'>, images: FolderImages): Json {
  expectImage('preprocessorConfig', model);
  expectImages('preprocessorConfig', images);
  const { height, width } = model.image;
  return {
    image_processor_type: 'ViTImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: Math.max(height, width) },
    resample: RESAMPLE[images.interpolation],
    do_center_crop: true,
    crop_size: { height, width },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [...images.mean],
    image_std: [...images.std],
  };
}

const hiddenOf = ({ width, mlpRatio }: FolderDecoder): number => Math.round(width * mlpRatio);

function shared(caller: string, model: FolderModel, dtype: FolderDtype) {
  expectFolderModel(caller, model);
  expectOneOf(caller, 'dtype', dtype, ['float32', 'float16']);
  const { image, channels, patch, width, depth, heads, epsilon } = model;
  const { height, width: across } = image;
  return {
    dtype,
    image_size: height === across ? height : [height, across],
    patch_size: patch,
    num_channels: channels,
    hidden_size: width,
    num_hidden_layers: depth,
    num_attention_heads: heads,
    intermediate_size: hiddenOf(model),
    hidden_act: 'gelu',
    layer_norm_eps: epsilon,
    qkv_bias: true,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
  };
}
