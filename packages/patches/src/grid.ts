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
export function patchGrid({ height, width, patch }: PatchSize): PatchGrid {
  const divides = (side: number): boolean =>
    Number.isInteger(side) && side > 0 && side % patch === 0;
  if (!Number.isInteger(patch) || patch < 1 || !divides(height) || !divides(width)) {
    throw new RangeError(
      `patchGrid: height and width must be multiples of the patch, got ${height}x${width} and ${patch}`,
    );
  }
  const [rows, columns] = [height / patch, width / patch];
  return { rows, columns, count: rows * columns };
}
