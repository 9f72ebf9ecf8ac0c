export { maskedPatchLoss } from './masked-patch-loss.ts';
export { denormalizePatches, normalizePatches } from './normalize.ts';
