import { reshape, slice, type Tensor2D } from '@tensorflow/tfjs-core';
import type { CanParams } from '@twocan/can';
import { expectOptions, expectParams, expectType } from '@twocan/core';
import { attentionMap, encodeImages, expectViTConfig } from '@twocan/vit';
import type { PretrainConfig } from '../config.ts';
import { type Extract, imageRows } from './extract.ts';

/**
 * The patch tokens of whole images, after the last norm.
 *
 * @param model the method
 * @param params borrowed
 * @returns what {@link extractPieces} applies: rows of N·D numbers, patch by patch
 * @example
 * const { features } = await extractRows(dataset, config, tokenRows(config.model, params));
 */
export function tokenRows(model: PretrainConfig['model'], params: CanParams): Extract {
  expectModel('tokenRows', model, params);
  return imageRows(model.encoder, (images) => {
    const tokens = encodeImages(params.encoder, model.encoder, images);
    const [batch, count, width] = tokens.shape;
    const patches = slice(tokens, [0, 1, 0], [batch, count - 1, width]);
    return reshape(patches, [batch, (count - 1) * width]) as Tensor2D;
  });
}

/**
 * How much each patch is looked at in the last block, by the patches on average, head by head.
 *
 * @param model the method
 * @param params borrowed
 * @returns what {@link extractPieces} applies: rows of H·N numbers, head by head
 * @example
 * const { features } = await extractRows(dataset, config, attentionRows(config.model, params));
 */
export function attentionRows(model: PretrainConfig['model'], params: CanParams): Extract {
  expectModel('attentionRows', model, params);
  return imageRows(model.encoder, (images) => {
    const maps = attentionMap(params.encoder, model.encoder, images);
    const [batch, heads, patches] = maps.shape;
    return reshape(maps, [batch, heads * patches]) as Tensor2D;
  });
}

function expectModel(caller: string, model: PretrainConfig['model'], params: CanParams): void {
  expectOptions(caller, 'model', model, ['encoder']);
  expectViTConfig(caller, model.encoder, 'model.encoder');
  expectParams(caller, 'params', params, ['encoder']);
  expectOptions(caller, 'params.encoder', params.encoder, ['blocks']);
  expectType(caller, 'params.encoder.blocks', params.encoder.blocks, Array);
}
