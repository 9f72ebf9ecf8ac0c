export { writeFileAtomic } from './atomic.ts';
export {
  type CheckpointFile,
  type LoadedCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from './folder.ts';
