export {
  type DType,
  expectNamedArrays,
  type NamedArray,
  type NamedArrays,
  type TypedArray,
} from './dtype.ts';
export { timmConfig } from './folders/timm.ts';
export {
  type FolderDtype,
  preprocessorConfig,
  vitConfig,
  vitMaeConfig,
} from './folders/transformers.ts';
export { filesFromBrowser, filesFromUrl, type WeightFiles } from './foreign/files.ts';
export type { WeightFormat } from './foreign/formats.ts';
export { type FolderImages, RESAMPLE } from './foreign/images.ts';
export { importWeights } from './foreign/import-weights.ts';
export { aboutPickle, isPickleName } from './foreign/pickle.ts';
export type { ImportedWeights, ImportOptions } from './foreign/weights.ts';
export { toHalf, widened } from './half.ts';
export { fromHuggingFace, type HuggingFaceOptions, toHuggingFace } from './hugging-face.ts';
export { toConvolution } from './layout.ts';
export type { FolderDecoder, FolderModel } from './model.ts';
export { npyHead } from './npy.ts';
export {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type Json,
} from './run-state.ts';
export {
  type Decoded,
  type Described,
  decodeSafetensors,
  encodeSafetensors,
  safetensorsHead,
} from './safetensors.ts';
export { namedToTree, treeToNamed } from './tensors.ts';
export { type ExportOptions, fromTimm, type Imported, toTimm } from './timm.ts';
