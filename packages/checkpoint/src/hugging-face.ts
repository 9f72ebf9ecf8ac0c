import { expectInteger, expectOptions, expectType, refuse } from '@twocan/core';
import { expectNamedArrays, type NamedArrays } from './dtype.ts';
import type { Rename } from './layout.ts';
import { decoderTable, exportedTable, LEARNED, splitPositions } from './positions.ts';
import { dense, depthOf, exported, imported, norm, patch, token } from './rename.ts';
import type { ExportOptions, Imported } from './timm.ts';

/** What the export needs beyond the weights. */
export type HuggingFaceOptions = ExportOptions & {
  /** The decoder's fixed positions, N·D numbers for its width: as `positions`, for `decoder/positions`. */
  readonly decoderPositions?: Float32Array;
  /** Whose names: `ViTMAEForPreTraining`, the default, or those of the encoder alone, `ViTModel`. */
  readonly model?: 'ViTMAEForPreTraining' | 'ViTModel';
};

/**
 * Encoder and decoder weights under the names of Hugging Face's `ViTMAEForPreTraining`, or `ViTModel`.
 *
 * Queries, keys and values are written apart, dense kernels transposed, the patch kernel as a
 * convolution. Without `decoder/…` among the parameters only the encoder is written. The model's
 * configuration must say `layer_norm_eps: 1e-6`, which is not its default.
 *
 * @param params our arrays by path, with at least `encoder/…`
 * @param options positions of encoder and decoder, channels
 * @returns arrays for `encodeSafetensors(…, { format: 'pt' })`
 * @throws RangeError naming what is missing or does not fit
 * @example
 * const named = toHuggingFace(await treeToNamed(params), { positions, decoderPositions });
 */
export function toHuggingFace(params: NamedArrays, options: HuggingFaceOptions = {}): NamedArrays {
  expectNamedArrays('toHuggingFace', 'params', params);
  expectOptions(
    'toHuggingFace',
    'options',
    options,
    [],
    ['channels', 'positions', 'decoderPositions', 'model'],
  );
  const { channels = 3, positions, decoderPositions, model = 'ViTMAEForPreTraining' } = options;
  expectInteger('toHuggingFace', 'channels', channels);
  if (model !== 'ViTModel' && model !== 'ViTMAEForPreTraining') {
    refuse('toHuggingFace', 'model', 'be ViTMAEForPreTraining or ViTModel', model);
  }
  for (const [name, table] of Object.entries({ positions, decoderPositions })) {
    if (table !== undefined) expectType('toHuggingFace', name, table, Float32Array);
  }
  const names = Object.keys(params);
  const whole = model === 'ViTMAEForPreTraining';
  const decoder = whole && names.some((name) => name.startsWith('decoder/'));
  const plan = [
    ...huggingFaceEncoder(depthOf(names, 'encoder/blocks/')),
    ...(decoder ? huggingFaceDecoder(depthOf(names, 'decoder/blocks/'), LAYERS) : []),
  ];
  const named = exported('toHuggingFace', params, plan, channels);
  const table = (name: string, ours: string, fixed: Float32Array | undefined, token: string) => {
    const width = named[token]?.data.length;
    const written = width && exportedTable('toHuggingFace', params, ours, fixed, width);
    return written ? { [name]: written } : {};
  };
  const all = {
    ...named,
    ...table(ENCODER_POSITIONS, LEARNED.encoder, positions, ENCODER_TOKEN),
    ...table(DECODER_POSITIONS, LEARNED.decoder, decoderPositions, 'decoder.mask_token'),
  };
  return whole ? all : withoutPrefix(all);
}

const withoutPrefix = (named: NamedArrays): NamedArrays =>
  Object.fromEntries(
    Object.entries(named).map(([name, array]) => [name.slice(ENCODER.length), array]),
  );

/**
 * Reads the weights of a `ViTMAEForPreTraining`, or of its encoder alone.
 *
 * Positions come apart, as those of {@link fromTimm}. Names of a `ViTModel` begin without `vit.`: they need it
 * here. {@link importWeights} does all of it.
 *
 * @param named F32 arrays by the names of Hugging Face
 * @returns our arrays, the encoder's position table and the names left over
 * @throws RangeError naming what is missing or does not fit
 * @example
 * const { params } = fromHuggingFace(decodeSafetensors(bytes).tensors);
 */
export function fromHuggingFace(named: NamedArrays): Imported {
  expectNamedArrays('fromHuggingFace', 'named', named);
  const names = Object.keys(named);
  const decoder = names.some((name) => name.startsWith('decoder.'));
  const layers = names.some((name) => name.startsWith(NEWER_LAYERS)) ? NEWER_LAYERS : LAYERS;
  const { params, ignored } = imported('fromHuggingFace', named, [
    ...huggingFaceEncoder(depthOf(names, 'vit.encoder.layer.')),
    ...(decoder ? huggingFaceDecoder(depthOf(names, `${layers}.`), layers) : []),
  ]);
  const tables = [ENCODER_POSITIONS, DECODER_POSITIONS];
  const table = decoder ? named[DECODER_POSITIONS] : undefined;
  return {
    ...splitPositions('fromHuggingFace', named, ENCODER_POSITIONS, params, 'encoder/cls'),
    ...decoderTable('fromHuggingFace', DECODER_POSITIONS, table),
    ignored: ignored.filter((name) => !tables.includes(name)),
  };
}

const ENCODER = 'vit.';
export const ENCODER_TOKEN = 'vit.embeddings.cls_token';
export const ENCODER_POSITIONS = 'vit.embeddings.position_embeddings';
// transformers 5 reads the first and writes the second.
export const LAYERS = 'decoder.decoder_layers';
export const NEWER_LAYERS = 'decoder.decoder_encoder.layer';
export const DECODER_POSITIONS = 'decoder.decoder_pos_embed';

function blocks(depth: number, ours: string, theirs: string): Rename[] {
  return Array.from({ length: depth }, (_, i) => {
    const [from, to] = [`${ours}/${i}`, `${theirs}.${i}`];
    const split = ['query', 'key', 'value'].map((part) => `${to}.attention.attention.${part}`);
    return [
      ...norm(`${from}/norm1`, `${to}.layernorm_before`),
      ...dense(`${from}/attention/qkv`, ...split),
      ...dense(`${from}/attention/out`, `${to}.attention.output.dense`),
      ...norm(`${from}/norm2`, `${to}.layernorm_after`),
      ...dense(`${from}/mlp/hidden`, `${to}.intermediate.dense`),
      ...dense(`${from}/mlp/out`, `${to}.output.dense`),
    ];
  }).flat();
}

/** An encoder by the names of `ViTMAEForPreTraining`. */
export const huggingFaceEncoder = (depth: number): Rename[] => [
  ...patch('encoder/patch', 'vit.embeddings.patch_embeddings.projection'),
  ...token('encoder/cls', ENCODER_TOKEN),
  ...blocks(depth, 'encoder/blocks', 'vit.encoder.layer'),
  ...norm('encoder/norm', 'vit.layernorm'),
];

/** A decoder by its names; those of its layers are `decoder.decoder_layers` or the newer ones. */
export const huggingFaceDecoder = (depth: number, layers: string): Rename[] => [
  ...dense('decoder/embed', 'decoder.decoder_embed'),
  ...token('decoder/mask', 'decoder.mask_token'),
  ...blocks(depth, 'decoder/blocks', layers),
  ...norm('decoder/norm', 'decoder.decoder_norm'),
  ...dense('decoder/head', 'decoder.decoder_pred'),
];
