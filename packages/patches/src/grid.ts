import { expectInteger, expectOptions } from '@twocan/core';

/** The size of an image and of its square patches, in pixels. */
export type PatchSize = { readonly height: number; readonly width: number; readonly patch: number };

/** How many patches an image has. */
export type PatchGrid = { readonly rows: number; readonly columns: number; readonly count: number };

/**
 * The grid of patches of an image.
 *
 * @param size height, width and patch side in pixels
 * @returns rows, columns and their product
 * @throws RangeError if the patch does not divide both sides
 * @example
 * patchGrid({ height: 32, width: 48, patch: 8 }); // { rows: 4, columns: 6, count: 24 }
 */
export function patchGrid(size: PatchSize): PatchGrid {
  expectOptions('patchGrid', 'size', size, ['height', 'width', 'patch'], []);
  const { height, width, patch } = size;
  for (const name of ['height', 'width', 'patch'] as const) {
    expectInteger('patchGrid', name, size[name]);
  }
  if (height % patch !== 0 || width % patch !== 0) {
    throw new RangeError(
      `patchGrid: height and width must be multiples of the patch, got ${height}x${width} and ${patch}`,
    );
  }
  const [rows, columns] = [height / patch, width / patch];
  return { rows, columns, count: rows * columns };
}
