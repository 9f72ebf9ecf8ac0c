import { toConvolution } from '@twocan/checkpoint';
import { patchGrid } from '@twocan/patches';
import type { ViTConfig } from '@twocan/vit';
import type { Graph } from './graph.ts';
import type { Port } from './model-file.ts';
import { type Grid, hasFixedPositions, patchPositions } from './positions.ts';
import { block, layerNorm, type Part, parameter } from './transformer.ts';

/** The images that go in: of any size where positions are fixed. */
export const pixels = ({ channels, image }: ViTConfig, anySize: boolean): Port => ({
  name: 'pixel_values',
  shape: ['batch', channels, ...(anySize ? ['height', 'width'] : [image.height, image.width])],
});

/** Tokens of the patches `[B, N, D]`, with positions, of the input that {@link pixels} names. */
export function embedPatches(
  part: Part,
  config: ViTConfig,
): { readonly tokens: string; readonly grid: Grid; readonly anySize: boolean } {
  const { graph } = part;
  const { patch, width, channels, image } = config;
  const name = 'encoder/patch/kernel';
  const convolution = toConvolution(parameter(part, name), channels);
  const bias = graph.array('encoder/patch/bias', parameter(part, 'encoder/patch/bias'));
  const sides = [patch, patch];
  const map = graph.op('Conv', ['pixel_values', graph.kernel(name, convolution, 0), bias], {
    kernel_shape: sides,
    strides: sides,
  });
  const shape = graph.op('Shape', [map]);
  const size = (axis: number): string => graph.op('Gather', [shape, graph.integers(axis)]);
  const { rows, columns } = patchGrid({ ...image, patch });
  const grid = { rows, columns, of: { rows: size(2), columns: size(3) } };
  const flat = graph.op('Reshape', [map, graph.integers([0, width, -1])]);
  const placed = graph.op('Add', [
    graph.op('Transpose', [flat], { perm: [0, 2, 1] }),
    patchPositions(part, 'encoder/positions', grid, width),
  ]);
  const anySize = hasFixedPositions(part, 'encoder/positions', grid, width);
  return { tokens: placed, grid, anySize };
}

/** Class token, blocks and last norm: `[B, K, D]` to `[B, 1 + K, D]`. */
export function encodeTokens(part: Part, config: ViTConfig, tokens: string): string {
  const { graph } = part;
  const token = graph.array('encoder/cls', parameter(part, 'encoder/cls'));
  const spread = [batchOf(graph, tokens), graph.integers([1]), graph.integers([config.width])];
  const cls = graph.op('Expand', [token, graph.op('Concat', spread, { axis: 0 })]);
  const sequence = graph.op('Concat', [cls, tokens], { axis: 1 });
  const encoded = throughBlocks(part, 'encoder/blocks', config, sequence);
  return layerNorm(part, 'encoder/norm', encoded, config.epsilon);
}

/** All blocks of an encoder or decoder. */
export function throughBlocks(
  part: Part,
  path: string,
  shape: Pick<ViTConfig, 'depth' | 'width' | 'heads' | 'epsilon'>,
  tokens: string,
): string {
  const indices = Array.from({ length: shape.depth }, (_, i) => i);
  return indices.reduce((x, i) => block(part, `${path}/${i}`, shape, x), tokens);
}

/** The number of examples, as a list of one integer. */
export const batchOf = (graph: Graph, tokens: string): string =>
  graph.op('Gather', [graph.op('Shape', [tokens]), graph.integers([0])]);

/** The tokens of the patches, without the class token. */
export const patchesOf = (graph: Graph, tokens: string): string =>
  graph.op('Slice', [
    tokens,
    graph.integers([1]),
    graph.integers([Number.MAX_SAFE_INTEGER]),
    graph.integers([1]),
  ]);
