export { type AttentionQuery, attentionMap } from './attention-map.ts';
export { type ClassifierParams, classify, initClassifier } from './classifier.ts';
export {
  type DecoderConfig,
  expectTransformer,
  expectViTConfig,
  patchShape,
  type ViTConfig,
} from './config.ts';
export { type DecoderParams, decodeTokens, embedForDecoder, initDecoder } from './decoder.ts';
export { sampleDropPath } from './drop-path.ts';
export {
  type EncoderParams,
  embedPatches,
  encodeImages,
  encodeTokens,
  type Intermediates,
  initEncoder,
  intermediates,
} from './encoder.ts';
export { layerOf } from './layer-of.ts';
export { type Preset, type PresetName, preset, presetNames } from './presets.ts';
