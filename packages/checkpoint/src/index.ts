export type { DType, NamedArray, NamedArrays, TypedArray } from './dtype.ts';
export { toHalf, widened } from './half.ts';
export { fromHuggingFace, type HuggingFaceOptions, toHuggingFace } from './hugging-face.ts';
export { toConvolution } from './layout.ts';
export {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type Json,
} from './run-state.ts';
export { type Decoded, decodeSafetensors, encodeSafetensors } from './safetensors.ts';
export { namedToTree, treeToNamed } from './tensors.ts';
export { type ExportOptions, fromTimm, type Imported, toTimm } from './timm.ts';
