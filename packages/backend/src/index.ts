export { type BackendReport, chooseBackend } from './choose.ts';
export { type BackendName, PREFERENCE } from './loaders.ts';
