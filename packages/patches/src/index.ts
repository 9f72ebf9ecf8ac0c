export { type PatchGrid, type PatchSize, patchGrid } from './grid.ts';
export { type PatchLayout, patchify, unpatchify } from './patchify.ts';
export { sincosPositions } from './positions.ts';
export { areSincosPositions, type Grid, resamplePositions } from './resample-positions.ts';
export {
  type Interpolation,
  interpolations,
  resamplingTaps,
  type Taps,
} from './resampling.ts';
