export {
  encodeLevel,
  initLevelMlp,
  type LevelCode,
  type LevelMlpParams,
  levelMlp,
} from './level.ts';
export {
  addNoise,
  type LevelRange,
  type LevelSpread,
  type NoisyImages,
  sampleLevel,
  sampleNoise,
} from './sample.ts';
