export {
  type PixelRules,
  type PretrainConfig,
  resolveConfig,
  resolveModel,
  type StartingPoint,
} from './config.ts';
export { differences, type Sides } from './differences.ts';
export { type Compared, compareFeatures, type Encoders, eachOf } from './features/comparison.ts';
export type { FeatureConfig } from './features/config.ts';
export { attentionRows, tokenRows } from './features/dense.ts';
export {
  type Extract,
  encoderFeatures,
  extractPieces,
  extractRows,
  imageRows,
  type Piece,
  pixelRows,
  type Rows,
  rawPixels,
} from './features/extract.ts';
export {
  featureSides,
  type LabelledSets,
  type LabelledSides,
  nearestNeighbours,
  pixelSides,
} from './features/sides.ts';
export {
  type Dot,
  type FeatureMap,
  type MapOptions,
  mapFeatures,
  type Point,
} from './map/feature-map.ts';
export { drawPictures, drawViews, type PictureId, type PictureRow } from './pictures/draw.ts';
export { type Picture, picturesOf } from './pictures/pictures.ts';
export type { Progress, Work } from './progress.ts';
export type { RecipeUsed } from './recipes/choose.ts';
export { bandOf, type Curve, curveOf, type MetricsOfStep, valueAt } from './recipes/curves.ts';
export type { Band, Recipe, RecipeSettings } from './recipes/recipe.ts';
export { type Reference, referenceOf } from './recipes/reference.ts';
export {
  compareKnn,
  type Evaluation,
  type EvaluationImages,
  evaluateEncoder,
  type Scores,
} from './run/evaluate.ts';
export type { PretrainEvent, PretrainOptions } from './run/events.ts';
export {
  decayAdvice,
  type Explosion,
  type ExplosionError,
  explosionAdvice,
  explosionOf,
  type Naming,
} from './run/explosion.ts';
export { pretrain, pretrainWith } from './run/pretrain.ts';
export { type Replayed, type ReplayOptions, replay } from './run/replay.ts';
export {
  freshParams,
  type PretrainState,
  type StartingParams,
  startingParams,
  trainedParams,
} from './run/state.ts';
export type { Settings } from './settings/settings.ts';
export { imagesOfStep } from './settings/training.ts';
export { randomViews, type TrialStep, trialStep } from './trial-step.ts';
