export { type BackendReport, chooseBackend, type PassedOver } from './choose.ts';
export { type Leaves, worstShare } from './compare.ts';
export type { WebgpuReport } from './gpu.ts';
export { type BackendName, backendNames, PREFERENCE, setUpNames } from './loaders.ts';
export {
  findPackage,
  rememberSetUp,
  type SetUp,
  type SetUps,
  setUpFile,
  setUps,
} from './set-up-folders.ts';
export { webgpuReport } from './webgpu.ts';
