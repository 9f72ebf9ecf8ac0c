export { type AdamwNumbers, type AdamwResult, adamwUpdate, updatesInPlace } from './adamw.ts';
export { attention, attentionWeights } from './attention.ts';
export { batchNorm } from './batch-norm.ts';
export { softmaxCrossEntropy, softTargetCrossEntropy } from './cross-entropy.ts';
export {
  defineOp,
  type NoAttributes,
  type Op,
  type OpDefinition,
  type UpdateDefinition,
} from './define.ts';
export { floatOf } from './floats.ts';
export { gelu } from './gelu.ts';
export type { Attributes, Tensors } from './kernels.ts';
export { layerNorm } from './layer-norm.ts';
export { linear, linearGelu, linearOnData } from './linear.ts';
export { type StartedMeans, startMeans } from './means.ts';
export { normalRows } from './normal-rows.ts';
export { normalizeRows } from './normalize-rows.ts';
export { gatherRows, sumOverRanks } from './ranks.ts';
export { residualSum } from './residual.ts';
export { squaredNorm } from './squared-norm.ts';
export { gatherTokens, scatterTokens } from './tokens.ts';
export { weightedMeanSquaredError } from './weighted-error.ts';
