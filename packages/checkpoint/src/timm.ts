import { expectInteger, expectOptions, expectType } from '@twocan/core';
import { expectNamedArrays, type NamedArray, type NamedArrays } from './dtype.ts';
import type { Rename } from './layout.ts';
import { exportedTable, LEARNED, splitPositions } from './positions.ts';
import { dense, depthOf, exported, imported, norm, patch, token } from './rename.ts';

/** What the export needs beyond the weights. */
export type ExportOptions = {
  /** Channels of the images; 3 by default. */
  readonly channels?: number;
  /**
   * The encoder's fixed positions, N·D numbers (`sincosPositions`): written where `params` has no learned
   * `encoder/positions`. Without either none is written.
   */
  readonly positions?: Float32Array;
};

/** Weights that were read, under our names. */
export type Imported = {
  readonly params: NamedArrays;
  /** The encoder's position table without the class token's row, N·D numbers. */
  readonly positions?: Float32Array;
  /** The decoder's with that row, (1 + N)·E numbers. */
  readonly decoderPositions?: Float32Array;
  /** Names that have no place in our encoder and decoder. */
  readonly ignored: readonly string[];
};

/**
 * Encoder weights under the names and layouts of timm's `VisionTransformer`.
 *
 * Dense kernels are transposed, the patch kernel becomes a convolution. Decoder, projector and
 * level network stay behind. In timm: `create_model('vit_…', num_classes=0, global_pool='')`.
 *
 * @param params our arrays by path, with at least `encoder/…`
 * @param options positions and channels
 * @returns arrays for `encodeSafetensors`
 * @throws RangeError naming what is missing or does not fit
 * @example
 * const named = toTimm(await treeToNamed(params), { positions });
 */
export function toTimm(params: NamedArrays, options: ExportOptions = {}): NamedArrays {
  expectNamedArrays('toTimm', 'params', params);
  expectOptions('toTimm', 'options', options, [], ['channels', 'positions']);
  const { channels = 3, positions } = options;
  expectInteger('toTimm', 'channels', channels);
  for (const [name, table] of Object.entries({ positions })) {
    if (table !== undefined) expectType('toTimm', name, table, Float32Array);
  }
  const names = Object.keys(params);
  const named = exported(
    'toTimm',
    params,
    timmEncoder(depthOf(names, 'encoder/blocks/')),
    channels,
  );
  const width = (named.cls_token as NamedArray).data.length;
  const table = exportedTable('toTimm', params, LEARNED.encoder, positions, width);
  return { ...named, ...(table && { pos_embed: table }) };
}

/**
 * Reads encoder weights in timm's names, or the encoder of a published MAE checkpoint.
 *
 * Positions come apart: compare them with the fixed ones, or put them into the parameters as
 * `encoder/positions`. The table's row for the class token is added to the token itself, which is the
 * same function. {@link importWeights} does all of it.
 *
 * @param named F32 arrays by timm's names
 * @returns our arrays, the position table and the names left over (a classifier head, a decoder)
 * @throws RangeError naming what is missing or does not fit
 * @example
 * const { params, ignored } = fromTimm(decodeSafetensors(bytes).tensors);
 */
export function fromTimm(named: NamedArrays): Imported {
  expectNamedArrays('fromTimm', 'named', named);
  const depth = depthOf(Object.keys(named), 'blocks.');
  const { params, ignored } = imported('fromTimm', named, timmEncoder(depth));
  return {
    ...splitPositions('fromTimm', named, 'pos_embed', params, 'encoder/cls'),
    ignored: ignored.filter((name) => name !== 'pos_embed'),
  };
}

/** The blocks of an encoder or a decoder by timm's names. */
export const timmBlocks = (depth: number, ours: string, theirs: string): readonly Rename[] =>
  Array.from({ length: depth }, (_, i) => {
    const [from, to] = [`${ours}/${i}`, `${theirs}.${i}`];
    return [
      ...norm(`${from}/norm1`, `${to}.norm1`),
      ...dense(`${from}/attention/qkv`, `${to}.attn.qkv`),
      ...dense(`${from}/attention/out`, `${to}.attn.proj`),
      ...norm(`${from}/norm2`, `${to}.norm2`),
      ...dense(`${from}/mlp/hidden`, `${to}.mlp.fc1`),
      ...dense(`${from}/mlp/out`, `${to}.mlp.fc2`),
    ];
  }).flat();

/** An encoder by timm's names. */
export const timmEncoder = (depth: number): readonly Rename[] => [
  ...patch('encoder/patch', 'patch_embed.proj'),
  ...token('encoder/cls', 'cls_token'),
  ...timmBlocks(depth, 'encoder/blocks', 'blocks'),
  ...norm('encoder/norm', 'norm'),
];
