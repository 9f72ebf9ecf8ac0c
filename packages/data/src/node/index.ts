export {
  type BrokenFile,
  type ImageFolder,
  type ImageFolderOptions,
  imageFolder,
} from './image-folder.ts';
export { IMAGE_ENDINGS, listImages } from './list-images.ts';
