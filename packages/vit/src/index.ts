export { type AttentionQuery, attentionMap } from './attention-map.ts';
export { type ClassifierParams, classify, initClassifier } from './classifier.ts';
export { type DecoderConfig, patchShape, type ViTConfig } from './config.ts';
export {
  countFlops,
  countParameters,
  type FlopCount,
  type HeadCost,
  type MethodCost,
  type ParameterCount,
} from './cost.ts';
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
export { leastStepMemory, type StepMemory } from './memory.ts';
export { type Preset, type PresetName, preset, presetNames } from './presets.ts';
