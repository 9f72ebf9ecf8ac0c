export {
  type CanConfig,
  type HeadName,
  type LevelPlacement,
  type Method,
  methods,
  type NoiseChoices,
  PAPER_NOISE,
  type Pooling,
  type ProjectorShape,
  type TermName,
  termNames,
} from './config.ts';
export { methodCost } from './cost.ts';
export {
  countFlops,
  countParameters,
  type FlopCount,
  type HeadCost,
  type MethodCost,
  type ParameterCount,
} from './counts.ts';
export { drawCorruption } from './draws.ts';
export { encode } from './encode.ts';
export { canEmbeddings, canForward, canForwardWith } from './forward.ts';
export { initCan } from './init.ts';
export { type CanLargeBatch, canLargeBatch } from './large-batch.ts';
export { type CanLossOptions, canLoss, canLossWith } from './loss.ts';
export { leastStepMemory, type StepMemory } from './memory.ts';
export { noiseChoices, silentDenoising } from './noise.ts';
export type { CanBatch, CanParams } from './params.ts';
export type { DrawnForward, Draws, Forward, Need, Parts, Teacher } from './parts.ts';
export { type PictureErrors, pictureErrors } from './picture-errors.ts';
export { canPictures, type Pictures, reconstructionCaption } from './pictures.ts';
export { plainDecoder } from './plain-decoder.ts';
export { type CanOptions, resolveCanConfig, weightsFromNested } from './resolve.ts';
export type { Term, TermContext } from './term.ts';
export { canTerms, contrastiveTerm, denoisingTerm, reconstructionTerm } from './terms.ts';
export { usesContrast, usesDecoder, usesLevel, usesMask, usesNoise } from './uses.ts';
