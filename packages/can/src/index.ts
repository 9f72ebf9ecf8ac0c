export {
  type CanConfig,
  type HeadName,
  type LevelPlacement,
  type Method,
  methods,
  type Pooling,
  type ProjectorShape,
} from './config.ts';
export { methodCost } from './cost.ts';
export { type Draws, drawCorruption } from './draws.ts';
export { encode } from './encode.ts';
export { canEmbeddings, canForward, canForwardWith, type Forward } from './forward.ts';
export { initCan } from './init.ts';
export { type CanLossOptions, canLoss, canLossWith } from './loss.ts';
export type { CanBatch, CanParams } from './params.ts';
export { type PictureErrors, pictureErrors } from './picture-errors.ts';
export { canPictures, type Pictures, reconstructionCaption } from './pictures.ts';
export { type CanOptions, resolveCanConfig, weightsFromNested } from './resolve.ts';
export { usesContrast, usesDecoder, usesLevel, usesMask, usesNoise } from './uses.ts';
