export { type EncoderFile, encoderToOnnx } from './encoder.ts';
export { reconstructionToOnnx } from './reconstruction.ts';
export { roundedWeights, type WeightType, weightTypes } from './weights.ts';
