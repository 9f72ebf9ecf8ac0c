export { nameOfBytes, openable, printable } from './file-names.ts';
export type { FilePart, FileParts } from './file-part.ts';
export {
  compareMarks,
  type FileChanges,
  type FileMark,
  type Fingerprint,
  fingerprint,
  type MarkOptions,
  markFiles,
} from './fingerprint.ts';
export {
  type BrokenFile,
  type ImageFolder,
  type ImageFolderOptions,
  imageFolder,
  imageFolderDefaults,
} from './image-folder.ts';
export { imageEnding, readEndings } from './image-formats.ts';
export {
  type LeftOut,
  type Listing,
  type ListOptions,
  listFolder,
  listImages,
} from './list-images.ts';
export type { SkippedBeginning } from './listing/content-reasons.ts';
export { firstBytes } from './listing/first-bytes.ts';
export { expandBraces } from './shards/braces.ts';
export { type ImageShards, type ImageShardsOptions, imageShards } from './shards/image-shards.ts';
export { TAR_END, tarMember, tarMemberSize } from './shards/write-tar.ts';
