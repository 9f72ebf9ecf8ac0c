export { applyPlan } from './apply.ts';
export {
  type Batch,
  type BatchOptions,
  type BatchRows,
  makeBatches,
  plainViews,
  stepsPerEpoch,
} from './batches.ts';
export { gaussianBlur } from './blur.ts';
export { type ColourChange, changeColour, toGrey } from './colour.ts';
export type { Crop } from './crop.ts';
export { atMost, cached, type Dataset, expectDataset, type Image, subset } from './dataset.ts';
export { type DrawnSets, drawnSets } from './drawn-sets.ts';
export { type Erasure, erase, sampleErasure } from './erase.ts';
export { FOLD, holdOut } from './hold-out.ts';
export { type Mixing, type MixPlan, mixImages, mixTargets, sampleMix } from './mix.ts';
export {
  IMAGENET_MEAN,
  IMAGENET_STD,
  type Normalization,
  toNormalized,
  toPixels,
} from './normalize.ts';
export {
  type Augmentation,
  centrePlan,
  resolveAugmentation,
  sampleViewPlan,
  type ViewPlan,
} from './plan.ts';
export type { Operation, RandAugment } from './rand-augment.ts';
export { cropResize } from './resize.ts';
export { drawShape, shapes } from './shapes.ts';
export { sharpen } from './sharpen.ts';
export type { ToneChange } from './tones.ts';
export { type Warp, warpImage } from './warp.ts';
