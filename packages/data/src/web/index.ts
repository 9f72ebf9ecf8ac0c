export { droppedFiles, type NamedFile, pickedFiles } from './named-files.ts';
export { type OpenedImages, type OpenOptions, openImages, type UnusedFile } from './open-images.ts';
export { zipEntries } from './zip.ts';
