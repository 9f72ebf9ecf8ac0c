export {
  type AttentionConfig,
  type AttentionParams,
  type HeadsOption,
  initAttention,
  multiHeadAttention,
} from './attention.ts';
export {
  type BlockConfig,
  type BlockOptions,
  type BlockParams,
  type BranchScales,
  initBlock,
  transformerBlock,
} from './block.ts';
export { type DenseConfig, type DenseParams, dense, initDense } from './dense.ts';
export { initMlp, type MlpConfig, type MlpParams, mlp } from './mlp.ts';
export { batchNorm, initNorm, layerNorm, type NormConfig, type NormParams } from './norm.ts';
