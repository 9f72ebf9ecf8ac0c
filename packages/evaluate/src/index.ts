export { effectiveRank } from './effective-rank.ts';
export type { LabelledFeatures } from './features.ts';
export { type KnnOptions, type KnnResult, knnAccuracy } from './knn.ts';
