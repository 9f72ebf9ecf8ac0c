export { type AdamwOptions, type AdamwState, adamw } from './adamw.ts';
export { chain } from './chain.ts';
export { clipByGlobalNorm, globalNorm, scale } from './clip.ts';
export { type LarsOptions, type LarsState, lars } from './lars.ts';
export { decayMatrices, layerDecay, spare } from './rules.ts';
export { constant, scaledLearningRate, type WarmupCosine, warmupCosine } from './schedules.ts';
export { type SgdOptions, sgd } from './sgd.ts';
export {
  type ApplyOptions,
  applyTransform,
  applyUpdates,
  expectTransform,
  type LeafRule,
  type Schedule,
  type Transform,
} from './transform.ts';
