export { type AdamwOptions, adamw } from './adamw.ts';
export { addDecayedWeights } from './add-decayed-weights.ts';
export { chain } from './chain.ts';
export { clipByGlobalNorm, globalNorm } from './clip.ts';
export { type LarsOptions, lars } from './lars.ts';
export { decayMatrices, layerDecay, spare } from './rules.ts';
export { scale, scaleByLearningRate } from './scale.ts';
export { type AdamOptions, type AdamState, scaleByAdam } from './scale-by-adam.ts';
export { scaleByTrustRatio, type TrustOptions } from './scale-by-trust-ratio.ts';
export { constant, scaledLearningRate, type WarmupCosine, warmupCosine } from './schedules.ts';
export { type SgdOptions, sgd } from './sgd.ts';
export { type TraceState, trace } from './trace.ts';
export {
  type ApplyOptions,
  applyTransform,
  applyUpdates,
  expectTransform,
  type LeafRule,
  type Schedule,
  type Transform,
} from './transform.ts';
