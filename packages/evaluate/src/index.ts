export { effectiveRank, rankMe } from './effective-rank.ts';
export type { LabelledFeatures } from './features.ts';
export {
  type FewShotOptions,
  type FewShotResult,
  fewShotAccuracy,
  fewShotDefaults,
} from './few-shot.ts';
export { type KnnOptions, knnAccuracy, knnDefaults } from './knn.ts';
export { type NearRow, nearestRows } from './nearest-rows.ts';
export { type PrincipalComponents, principalComponents } from './principal-components.ts';
export {
  type ProbeOptions,
  type ProbeRecipe,
  type ProbeResult,
  probeAccuracy,
  probeRecipes,
} from './probe.ts';
export { type RidgeOptions, ridgeAccuracy } from './ridge.ts';
export { type Classification, confusionMatrix, meanAndDeviation, scored } from './score.ts';
export { type Pair, similarPairs } from './similar-pairs.ts';
export { spectrumDecay } from './spectrum-decay.ts';
export { meanRow, type UnitRowsOptions, unitRows } from './unit-rows.ts';
