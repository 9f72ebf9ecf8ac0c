import type { NamedArrays } from '@twocan/checkpoint';
import { expectOptions } from '@twocan/core';
import {
  type DecoderConfig,
  expectTransformer,
  expectViTConfig,
  patchShape,
  type ViTConfig,
} from '@twocan/vit';
import { beginGraph, type Graph } from './graph.ts';
import { ELEMENT } from './model-file.ts';
import { classPosition, hasFixedPositions, patchPositions } from './positions.ts';
import { batchOf, embedPatches, encodeTokens, patchesOf, pixels, throughBlocks } from './tokens.ts';
import { dense, layerNorm, parameter } from './transformer.ts';
import { expectArrays, expectWeightType, type WeightType } from './weights.ts';

/**
 * A masked autoencoder, encoder and decoder, as an ONNX file.
 *
 * Inputs: `pixel_values` `[batch, C, height, width]`, normalised, and `mask` `[batch, N]`, 1 for each patch
 * that is hidden and 0 for each that is seen, as many in each image. Output: `logits` `[batch, N, P]`, what
 * the decoder predicts for every patch, in the order (row, column, channel).
 *
 * @param params our arrays by path, with `encoder/…` and `decoder/…`, the mask token included
 * @param config the encoder
 * @param decoder the decoder
 * @param options how kernels are stored; fp32 by default
 * @returns the file's bytes
 * @throws RangeError naming what is missing, or for a file above 2 GiB
 * @example
 * const bytes = reconstructionToOnnx(await treeToNamed(params), model.encoder, model.decoder);
 *
 * He et al., arXiv 2111.06377; the output is that of transformers' `ViTMAEForPreTraining`.
 */
export function reconstructionToOnnx(
  params: NamedArrays,
  config: ViTConfig,
  decoder: DecoderConfig,
  options: { readonly weights?: WeightType } = {},
): Uint8Array {
  expectArrays('reconstructionToOnnx', params);
  expectViTConfig('reconstructionToOnnx', config);
  expectTransformer('reconstructionToOnnx', 'decoder', decoder);
  expectOptions('reconstructionToOnnx', 'options', options, [], ['weights']);
  const { weights = 'fp32' } = options;
  expectWeightType('reconstructionToOnnx', weights);
  const graph = beginGraph('reconstructionToOnnx', weights);
  const part = { graph, params, caller: 'reconstructionToOnnx' };
  const { tokens, grid, anySize } = embedPatches(part, config);
  const hidden = graph.op('Cast', ['mask'], { to: ELEMENT.boolean });
  const seen = graph.op('Not', [hidden]);
  const encoded = encodeTokens(part, config, keep(graph, tokens, seen, config.width));
  const embedded = dense(part, 'decoder/embed', encoded);

  const patches = restore(graph, embedded, seen, hidden, {
    token: graph.array('decoder/mask', parameter(part, 'decoder/mask')),
  });
  const table = 'decoder/positions';
  const first = graph.op('Slice', [embedded, ...[0, 1, 1].map((n) => graph.integers([n]))]);
  const row = classPosition(part, table, grid, decoder.width);
  const placed = graph.op('Add', [patches, patchPositions(part, table, grid, decoder.width)]);
  const cls = row === undefined ? first : graph.op('Add', [first, row]);
  const sequence = graph.op('Concat', [cls, placed], { axis: 1 });
  const shape = { ...decoder, epsilon: config.epsilon };
  const decoded = patchesOf(graph, throughBlocks(part, 'decoder/blocks', shape, sequence));
  const normal = layerNorm(part, 'decoder/norm', decoded, config.epsilon);

  const free = anySize && hasFixedPositions(part, table, grid, decoder.width);
  const { patches: count, pixels: values } = patchShape(config);
  const patchCount = free ? 'patches' : count;
  graph.output(dense(part, 'decoder/head', normal), {
    name: 'logits',
    shape: ['batch', patchCount, values],
  });
  const mask = { name: 'mask', shape: ['batch', patchCount] };
  return graph.encode('reconstruction', [pixels(config, free), mask]);
}

/** The tokens that are seen, in their order: `[B, N, D]` to `[B, K, D]`. */
function keep(graph: Graph, tokens: string, seen: string, width: number): string {
  const rows = graph.op('Reshape', [tokens, graph.integers([-1, width])]);
  const flat = graph.op('Reshape', [seen, graph.integers([-1])]);
  const kept = graph.op('Compress', [rows, flat], { axis: 0 });
  const shape = [batchOf(graph, tokens), graph.integers([-1]), graph.integers([width])];
  return graph.op('Reshape', [kept, graph.op('Concat', shape, { axis: 0 })]);
}

/** Every patch in its place, the mask token where it is hidden: `[B, 1 + K, E]` to `[B, N, E]`. */
function restore(
  graph: Graph,
  embedded: string,
  seen: string,
  hidden: string,
  { token }: { readonly token: string },
): string {
  // The class token is at 0, so that the count of seen patches up to here is the place of this one.
  const ones = graph.op('Cast', [seen], { to: ELEMENT.float });
  const places = graph.op('Cast', [graph.op('CumSum', [ones, graph.integers(1)])], {
    to: ELEMENT.int64,
  });
  const last = graph.integers([2]);
  const found = graph.op('GatherND', [embedded, graph.op('Unsqueeze', [places, last])], {
    batch_dims: 1,
  });
  return graph.op('Where', [graph.op('Unsqueeze', [hidden, last]), token, found]);
}
