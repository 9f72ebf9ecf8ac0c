export { writeFileAtomic } from './atomic.ts';
export { fileMetadata } from './file-metadata.ts';
export { filesAt } from './files-at.ts';
export {
  type CheckpointFile,
  type LoadedCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from './folder.ts';
export { makeFolder, removeEmptyFolders } from './make-folder.ts';
