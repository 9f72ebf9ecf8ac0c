export { type PatchGrid, type PatchSize, patchGrid } from './grid.ts';
export { type PatchLayout, patchify, unpatchify } from './patchify.ts';
export { sincosPositions } from './positions.ts';
