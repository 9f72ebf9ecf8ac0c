import {
  encodeSafetensors,
  type FolderDtype,
  type Json,
  type NamedArrays,
  preprocessorConfig,
  timmConfig,
  toHalf,
  toHuggingFace,
  toTimm,
  vitConfig,
  vitMaeConfig,
} from '@twocan/checkpoint';
import { encoderToOnnx, reconstructionToOnnx } from '@twocan/onnx';
import { patchGrid, sincosPositions } from '@twocan/patches';
import type { Dtype, Target } from './targets.ts';
import { type ExportedModel, hasDecoder } from './weights.ts';

/** A file of a folder, made when it is about to be written: a model may fill the memory. */
export type FolderFile = {
  /** In the folder, with slashes. */
  readonly path: string;
  readonly content: () => Uint8Array | string;
};

/**
 * The files of a folder, all but the model card.
 *
 * @param target who opens it
 * @param exported the weights
 * @param dtype their numbers
 * @returns names and contents
 */
export function filesFor(
  target: Target,
  exported: ExportedModel,
  dtype: Dtype,
): readonly FolderFile[] {
  return FILES[target](exported, dtype);
}

const FILES: Readonly<
  Record<Target, (exported: ExportedModel, dtype: Dtype) => readonly FolderFile[]>
> = {
  timm: ({ arrays, model, images }, dtype) => [
    json('config.json', () => timmConfig(model.encoder, images, model.pool)),
    weights('model.safetensors', dtype, () => {
      const { channels, positions } = tables(model);
      return toTimm(arrays, { channels, positions });
    }),
  ],
  transformers: (exported, dtype) => {
    const { arrays, model, images } = exported;
    const number = dtype === 'fp16' ? 'float16' : 'float32';
    const preprocessor = (folder: string): FolderFile =>
      json(`${folder}preprocessor_config.json`, () => preprocessorConfig(model.encoder, images));
    return [
      json('config.json', () => vitConfig(model.encoder, number)),
      preprocessor(''),
      weights('model.safetensors', dtype, () =>
        toHuggingFace(arrays, { ...tables(model), model: 'ViTModel' }),
      ),
      ...(hasDecoder(exported)
        ? [
            json('mae/config.json', () => maeConfig(exported, number)),
            preprocessor('mae/'),
            weights('mae/model.safetensors', dtype, () => toHuggingFace(arrays, tables(model))),
          ]
        : []),
    ];
  },
  'transformers.js': ({ arrays, model, images }, dtype) => {
    const onnx = (name: string, stored: Dtype): FolderFile => ({
      path: `onnx/${name}.onnx`,
      content: () => encoderToOnnx(arrays, model.encoder, { weights: stored, pool: model.pool }),
    });
    return [
      json('config.json', () => vitConfig(model.encoder)),
      json('preprocessor_config.json', () => preprocessorConfig(model.encoder, images)),
      onnx('model', 'fp32'),
      dtype === 'fp16' ? onnx('model_fp16', 'fp16') : onnx('model_quantized', 'int8'),
    ];
  },
  onnx: (exported, dtype) => {
    const { arrays, model, images } = exported;
    const { encoder, decoder, pool } = model;
    const options = { weights: dtype };
    return [
      json('preprocessor_config.json', () => preprocessorConfig(encoder, images)),
      { path: 'model.onnx', content: () => encoderToOnnx(arrays, encoder, { ...options, pool }) },
      ...(hasDecoder(exported)
        ? [
            {
              path: 'reconstruction.onnx',
              content: () => reconstructionToOnnx(arrays, encoder, decoder, options),
            },
          ]
        : []),
    ];
  },
  safetensors: (exported, dtype) => [
    json('config.json', () => ownConfig(exported)),
    weights('model.safetensors', dtype, () => exported.arrays),
  ],
};

function maeConfig({ model }: ExportedModel, dtype: FolderDtype): Json {
  const { encoder, decoder, maskRatio, normalizePixels } = model;
  return vitMaeConfig(encoder, decoder, { maskRatio, normalizePixels }, dtype);
}

/** What our own reader needs of weights by our own names. */
function ownConfig(exported: ExportedModel): Json {
  const { encoder, decoder, pool, maskRatio, normalizePixels } = exported.model;
  const { images } = exported;
  return {
    format: 'twocan/weights',
    version: 1,
    encoder,
    ...(hasDecoder(exported) && { decoder, maskRatio, normalizePixels }),
    images,
    pool,
  };
}

/** The fixed positions, for those who keep them among the weights. */
function tables({ encoder, decoder }: ExportedModel['model']) {
  const { rows, columns } = patchGrid({ ...encoder.image, patch: encoder.patch });
  return {
    channels: encoder.channels,
    positions: sincosPositions({ rows, columns, width: encoder.width }),
    decoderPositions: sincosPositions({ rows, columns, width: decoder.width }),
  };
}

const json = (path: string, value: () => Json): FolderFile => ({
  path,
  content: () => `${JSON.stringify(value(), null, 2)}\n`,
});

const weights = (path: string, dtype: Dtype, named: () => NamedArrays): FolderFile => ({
  path,
  // The libraries of PyTorch read no file without this word.
  content: () => encodeSafetensors(dtype === 'fp16' ? toHalf(named()) : named(), { format: 'pt' }),
});
