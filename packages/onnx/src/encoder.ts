import type { NamedArrays } from '@twocan/checkpoint';
import { expectOptions, refuse } from '@twocan/core';
import { expectViTConfig, patchShape, type ViTConfig } from '@twocan/vit';
import { beginGraph } from './graph.ts';
import { embedPatches, encodeTokens, patchesOf, pixels } from './tokens.ts';
import { expectArrays, expectWeightType, type WeightType } from './weights.ts';

/** How an encoder is written. */
export type EncoderFile = {
  /** How kernels are stored; fp32 by default. */
  readonly weights?: WeightType;
  /** Which tokens `pooler_output` is the mean of: patches by default, or the class token as well. */
  readonly pool?: 'patches' | 'all';
};

/**
 * An encoder as an ONNX file.
 *
 * Input `pixel_values` `[batch, C, height, width]`, normalised. Outputs `last_hidden_state`
 * `[batch, 1 + N, D]`, the class token first, and `pooler_output` `[batch, D]`, the mean of the patch tokens.
 * Any batch; with fixed positions images of any size that the patch divides.
 *
 * @param params our arrays by path, with `encoder/…`
 * @param config the encoder
 * @param options how kernels are stored, and what is pooled
 * @returns the file's bytes; ONNX Runtime 1.13 and later run it
 * @throws RangeError naming what is missing, or for a file above 2 GiB
 * @example
 * writeFileSync('model.onnx', encoderToOnnx(await treeToNamed(params), config.model.encoder));
 *
 * The format: onnx.ai, IR 8, operators 17.
 */
export function encoderToOnnx(
  params: NamedArrays,
  config: ViTConfig,
  options: EncoderFile = {},
): Uint8Array {
  expectArrays('encoderToOnnx', params);
  expectViTConfig('encoderToOnnx', config);
  expectOptions('encoderToOnnx', 'options', options, [], ['weights', 'pool']);
  const { weights = 'fp32', pool = 'patches' } = options;
  expectWeightType('encoderToOnnx', weights);
  if (pool !== 'patches' && pool !== 'all') {
    refuse('encoderToOnnx', 'pool', "be 'patches' or 'all'", pool);
  }
  const graph = beginGraph('encoderToOnnx', weights);
  const part = { graph, params, caller: 'encoderToOnnx' };
  const { tokens, anySize } = embedPatches(part, config);
  const encoded = encodeTokens(part, config, tokens);
  const counted = pool === 'all' ? encoded : patchesOf(graph, encoded);
  const pooled = graph.op('ReduceMean', [counted], { axes: [1], keepdims: 0 });
  const { width } = config;
  const count = anySize ? 'tokens' : 1 + patchShape(config).patches;
  graph.output(encoded, { name: 'last_hidden_state', shape: ['batch', count, width] });
  graph.output(pooled, { name: 'pooler_output', shape: ['batch', width] });
  return graph.encode('encoder', [pixels(config, anySize)]);
}
