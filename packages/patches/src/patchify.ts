import { reshape, type Tensor3D, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';
import { expectInteger, expectOptions, expectRank, expectShape } from '@twocan/core';
import { patchGrid } from './grid.ts';

/**
 * Cuts images into patches, row by row; inside a patch the order is row, column, channel.
 *
 * Element k = (y·p + x)·C + c of patch t = row·columns + column. P = p²·C.
 *
 * @param images `[B, H, W, C]`
 * @param patch p, the side of a patch in pixels; divides H and W
 * @returns `[B, N, P]`
 * @throws RangeError if `images` is not of rank 4 or p does not divide its sides
 * @example
 * patchify(zeros([2, 32, 32, 3]), 4); // [2, 64, 48]
 *
 * He et al., arXiv 2111.06377 (the order of the published code).
 */
export function patchify(images: Tensor4D, patch: number): Tensor3D {
  expectRank('patchify', 'images', images, 4);
  expectInteger('patchify', 'patch', patch);
  const [batch, height, width, channels] = images.shape;
  const { rows, columns, count } = patchGrid({ height, width, patch });
  return tidy(() => {
    // Rows of patches and rows of pixels change places with columns: rank 4 is enough.
    const strips = reshape(images, [batch * rows, patch, columns, patch * channels]);
    const grouped = transpose(strips, [0, 2, 1, 3]);
    return reshape(grouped, [batch, count, patch * patch * channels]);
  });
}

/** How patches lie in the image that they came from. */
export type PatchLayout = {
  readonly rows: number;
  readonly columns: number;
  /** Side of a patch in pixels. */
  readonly patch: number;
  readonly channels: number;
};

/**
 * Puts patches together again: the inverse of {@link patchify}.
 *
 * @param patches `[B, N, P]`
 * @param layout rows and columns of the grid, patch side, channels
 * @returns `[B, H, W, C]`
 * @throws RangeError if the patches do not fit the layout
 * @example
 * unpatchify(patches, { rows: 8, columns: 8, patch: 4, channels: 3 }); // [B, 32, 32, 3]
 */
export function unpatchify(patches: Tensor3D, layout: PatchLayout): Tensor4D {
  const names = ['rows', 'columns', 'patch', 'channels'] as const;
  expectOptions('unpatchify', 'layout', layout, names, []);
  for (const name of names) expectInteger('unpatchify', name, layout[name]);
  const { rows, columns, patch, channels } = layout;
  expectShape('unpatchify', 'patches', patches, [null, rows * columns, patch * patch * channels]);
  const [batch] = patches.shape;
  return tidy(() => {
    const grouped = reshape(patches, [batch * rows, columns, patch, patch * channels]);
    const strips = transpose(grouped, [0, 2, 1, 3]);
    return reshape(strips, [batch, rows * patch, columns * patch, channels]);
  });
}
