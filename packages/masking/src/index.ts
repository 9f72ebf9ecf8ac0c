export { type Mask, type MaskOptions, sampleMask } from './sample.ts';
export { keepTokens, restoreTokens } from './tokens.ts';
export { maskedWeights, visibleWeights } from './weights.ts';
