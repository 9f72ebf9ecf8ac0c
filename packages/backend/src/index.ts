export { type BackendReport, chooseBackend } from './choose.ts';
export { type BackendName, PREFERENCE } from './loaders.ts';
export {
  findPackage,
  rememberSetUp,
  type SetUp,
  type SetUps,
  setUpFile,
  setUps,
} from './set-up-folders.ts';
